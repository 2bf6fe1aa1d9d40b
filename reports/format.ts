/**
 * How numbers are written: the one place of ms, GiB and TFLOP/s.
 *
 * A number carries its unit in the ending of its key (`stepSeconds`, `peakBytes`). It is shown with
 * no more digits than its interval supports: the interval is rounded to one digit, or to two where
 * the first of them is 1 or 2, and the value to the same place.
 *
 * @module
 */
import type { Estimate } from "../kernels/base/estimate.ts";

/** What a number can count. */
export const numberUnits = [
  "seconds",
  "bytes",
  "bytesPerSecond",
  "flops",
  "flopsPerSecond",
  "perSecond",
  "joules",
  "dollars",
  "fraction",
  "count",
  "plain",
] as const;

/** One of them. */
export type NumberUnit = typeof numberUnits[number];

/** A multiple of a unit, such as the millisecond. */
export interface NumberScale {
  /** In the unit that the key names: 1e-3 for a millisecond. */
  factor: number;
  /** As printed: "ms". */
  symbol: string;
}

const prefixes = (unit: string, names: string[], base: number, start = 0): NumberScale[] =>
  names.map((name, i) => ({ factor: base ** (i + start), symbol: name + unit }));

const scales: Readonly<Record<NumberUnit, readonly NumberScale[]>> = {
  seconds: [
    { factor: 1e-9, symbol: "ns" },
    { factor: 1e-6, symbol: "µs" },
    { factor: 1e-3, symbol: "ms" },
    { factor: 1, symbol: "s" },
  ],
  bytes: prefixes("B", ["", "Ki", "Mi", "Gi", "Ti"], 1024),
  bytesPerSecond: prefixes("B/s", ["", "k", "M", "G", "T"], 1000),
  flops: prefixes("FLOP", ["", "k", "M", "G", "T", "P", "E"], 1000),
  flopsPerSecond: prefixes("FLOP/s", ["", "k", "M", "G", "T", "P", "E"], 1000),
  perSecond: prefixes("/s", ["", "k", "M", "G"], 1000),
  joules: prefixes("J", ["", "k", "M", "G", "T"], 1000),
  dollars: [{ factor: 1, symbol: "dollars" }],
  fraction: [{ factor: 0.01, symbol: "%" }],
  count: [{ factor: 1, symbol: "" }],
  plain: [{ factor: 1, symbol: "" }],
};

/** Endings of keys, the longest first where one ends with another. */
const endings: readonly [string, NumberUnit][] = [
  ["bytesPerSecond", "bytesPerSecond"],
  ["flopsPerSecond", "flopsPerSecond"],
  ["perSecond", "perSecond"],
  ["seconds", "seconds"],
  ["bytes", "bytes"],
  ["flops", "flops"],
  ["fraction", "fraction"],
  ["joules", "joules"],
  ["dollars", "dollars"],
  ["count", "count"],
];

const endingOf = (key: string) => {
  const lower = key.toLowerCase();
  return endings.find(([ending]) => lower.endsWith(ending.toLowerCase()));
};

/**
 * The unit that a key's ending names; "plain" where it names none.
 *
 * @example
 * ```ts
 * import { unitOf } from "@moelab/moelab/reports";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(unitOf("stepSeconds"), "seconds");
 * assertEquals(unitOf("achievedFlopsPerSecond"), "flopsPerSecond");
 * assertEquals(unitOf("imbalance"), "plain");
 * ```
 */
export function unitOf(key: string): NumberUnit {
  return endingOf(key)?.[1] ?? "plain";
}

/** A key in words, without its unit: "medianStepSeconds" is "median step"; "seconds" is "time". */
export function nameOf(key: string): string {
  const [ending, unit] = endingOf(key) ?? ["", "plain"];
  const stem = unit === "perSecond"
    ? key.slice(0, -"perSecond".length)
    : key.slice(0, key.length - ending.length);
  const whole: Partial<Record<NumberUnit, string>> = {
    seconds: "time",
    bytesPerSecond: "bandwidth",
    flopsPerSecond: "speed",
    joules: "energy",
    dollars: "cost",
  };
  const words = stem.replace(/_/g, " ").replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().trim();
  return words.replace(/\bmfu\b/, "MFU") || (whole[unit] ?? ending.toLowerCase());
}

/** Decimal exponent of the first digit: 3 for 1234, -2 for 0.05, 0 for 0. */
function magnitude(x: number): number {
  return x === 0 ? 0 : Number(x.toExponential().split("e")[1]);
}

/**
 * The scale in which most of the values read well: the largest that is not above their median.
 * Zeros have no say.
 */
export function scaleFor(unit: NumberUnit, values: readonly number[]): NumberScale {
  const sorted = values.map(Math.abs).filter((v) => v > 0).sort((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? 1;
  const all = scales[unit];
  return all.findLast((s) => s.factor <= middle * (1 + 1e-9)) ?? all[0];
}

/** Writes a number rounded to the decimal place 10^place, with thin spaces between thousands. */
function toPlace(x: number, place: number): string {
  const rounded = place > 0 ? Math.round(x / 10 ** place) * 10 ** place : x;
  const text = Math.abs(rounded).toFixed(Math.max(0, -place));
  const [whole, fraction] = text.split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  const negative = x < 0 && /[1-9]/.test(text);
  return (negative ? "\u2212" : "") + grouped + (fraction === undefined ? "" : `.${fraction}`);
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const raised = (n: number) =>
  (n < 0 ? "⁻" : "") + String(Math.abs(n)).replace(/\d/g, (d) => superscripts[Number(d)]);

/** Without the zeros that end a fraction: 0.0430 as 0.043. */
const trimmed = (text: string) => text.includes(".") ? text.replace(/\.?0+$/, "") : text;

/** A number without a unit: up to four digits, a power of ten where it is very small or large. */
export function formatPlain(x: number, digits = 4): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "none" : x > 0 ? "∞" : "\u2212∞";
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return toPlace(x, 0);
  const e = magnitude(x);
  if (e < 6 && e >= -3) return trimmed(toPlace(x, Math.min(0, e - digits + 1)));
  return `${trimmed(toPlace(x / 10 ** e, 1 - digits))} × 10${raised(e)}`;
}

/**
 * A count of any size, given as decimal digits: whole below a million, else three digits and a power
 * of ten.
 *
 * @example
 * ```ts
 * import { formatCount } from "@moelab/moelab/reports";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatCount("16400000000000001"), "1.64 × 10¹⁶");
 * assertEquals(formatCount("999"), "999");
 * ```
 */
export function formatCount(digits: string): string {
  return formatPlain(Number(digits), 3);
}

/** A formatted number: the value, what its interval adds, and the unit. */
export interface FormattedEstimate {
  /** Rounded value, without unit: "1.234". */
  value: string;
  /** "± 0.012", "+0.02 −0.01", or "" where there is no interval. */
  interval: string;
  /** "ms", or "" for a plain number. */
  unit: string;
}

/** The last place that the interval supports: at most six digits, four where there is none. */
function lastPlace(value: number, half: number): number {
  const first = magnitude(value);
  if (half <= 0) return first - 3;
  const e = magnitude(half);
  const supported = half / 10 ** e < 3 ? e - 1 : e;
  return Math.min(Math.max(supported, first - 5), value === 0 ? supported : first);
}

/**
 * An estimate as printed, in a given scale or in the one that suits its value.
 *
 * @example
 * ```ts
 * import { formatEstimate } from "@moelab/moelab/reports";
 * import { assertEquals } from "@std/assert";
 *
 * const step = { value: 0.0123456, lo: 0.0122, hi: 0.0125, n: 31, method: "median" };
 * assertEquals(formatEstimate(step, "seconds"), { value: "12.35", interval: "± 0.15", unit: "ms" });
 * ```
 */
export function formatEstimate(
  estimate: Pick<Estimate, "value" | "lo" | "hi">,
  unit: NumberUnit,
  options: { scale?: NumberScale } = {},
): FormattedEstimate {
  const scale = options.scale ?? scaleFor(unit, [estimate.value]);
  const [value, lo, hi] = [estimate.value, estimate.lo, estimate.hi].map((x) => x / scale.factor);
  if (hi <= lo) {
    const exact = Number.isInteger(value) && (unit === "count" || scale.factor === 1);
    const place = exact ? 0 : Math.min(0, lastPlace(value, 0));
    const text = unit === "plain" ? formatPlain(value) : toPlace(value, place);
    return { value: text, interval: "", unit: scale.symbol };
  }
  const place = lastPlace(value, (hi - lo) / 2);
  const up = toPlace(hi - value, place);
  const down = toPlace(value - lo, place);
  const nothing = !/[1-9]/.test(up + down);
  const interval = nothing
    ? `± <${toPlace(10 ** place, place)}`
    : up === down
    ? `± ${up}`
    : `+${up} \u2212${down}`;
  return { value: toPlace(value, place), interval, unit: scale.symbol };
}

/** A number with its unit and no interval, four digits: "12.35 ms". */
export function formatNumber(value: number, unit: NumberUnit, digits = 4): string {
  if (unit === "plain") return formatPlain(value, digits);
  const scale = scaleFor(unit, [value]);
  const x = value / scale.factor;
  const whole = Math.abs(x - Math.round(x)) <= 1e-9 * Math.abs(x) && Math.abs(x) < 1e6;
  const place = whole || (unit === "count" && Number.isInteger(x))
    ? 0
    : Math.min(0, magnitude(x) - digits + 1);
  const text = place < -6 ? formatPlain(x, digits) : toPlace(x, place);
  return scale.symbol ? `${text}\u00a0${scale.symbol}` : text;
}

/** A relative error with its sign, in percent: "+3.2 %". */
export function formatSigned(fraction: number): string {
  const percent = fraction * 100;
  const place = Math.abs(percent) < 100 ? -1 : 0;
  const text = toPlace(percent, place);
  return `${percent > 0 && /[1-9]/.test(text) ? "+" : ""}${text}\u00a0%`;
}
