/**
 * Axes of drawings: linear from a round number to a round number, or logarithmic where the values
 * spread widely. Positions are shares of the axis, so that a drawing fits any width.
 *
 * @module
 */
import { formatNumber, formatPlain, type NumberUnit, scaleFor } from "../format.ts";
import type { VisualAxis } from "../visuals.ts";
import { logAxis } from "./axis.ts";

/** An axis with its bounds. */
export interface VisualScale {
  /** What it shows, with the unit of its ticks where they do not say it. */
  title: string;
  /** Where a value lies, from 0 to 1; beyond the axis at its end. */
  at: (value: number) => number;
  /** Labelled positions. */
  ticks: { at: number; label: string }[];
}

/** Values that spread by more than this are shown on a logarithmic axis. */
const widest = 20;

/** A linear axis begins at 0 where the smallest value is below this share of the largest. */
const nearNothing = 0.2;

/** A linear axis is at least this share of its values long, so that its ticks differ in words. */
const narrowest = 0.02;

/** Steps of a linear axis over so much: a round number, so many of them or fewer. */
export function stepOf(span: number, steps = 6): number {
  const rough = span / steps;
  const decade = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((m) => m * decade).find((step) => step >= rough * (1 - 1e-9))!;
}

/** A title with the unit, where it does not say it in its words. */
const withUnit = (title: string, symbol: string) =>
  symbol === "" || title.split(" ").includes(symbol) ? title : `${title}, ${symbol}`;

const clamp = (share: number) => Math.min(1, Math.max(0, share));

function linear({ title, unit }: VisualAxis, values: readonly number[]): VisualScale {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const scale = scaleFor(unit, [Math.max(Math.abs(low), Math.abs(high))]);
  const [a, b] = [low / scale.factor, high / scale.factor];
  const from = a >= 0 && a < nearNothing * b ? 0 : a;
  const step = stepOf(Math.max(b - from, narrowest * Math.max(Math.abs(a), Math.abs(b))) || 1);
  const min = Math.floor(from / step + 1e-9) * step;
  const max = Math.max(Math.ceil(b / step - 1e-9) * step, min + step);
  const count = Math.round((max - min) / step) + 1;
  return {
    title: withUnit(title, scale.symbol),
    at: (value) => clamp((value / scale.factor - min) / (max - min)),
    ticks: Array.from({ length: count }, (_, i) => ({
      at: i / (count - 1),
      label: formatPlain(Number((min + i * step).toPrecision(9))),
    })),
  };
}

/** Few whole numbers, such as counts of devices, are ticks themselves; these many at most. */
const fewCounts = 10;

/** Ticks at the values themselves, those too close to the one before left out. */
function countTicks(values: readonly number[], at: (value: number) => number): number[] {
  const ticks: number[] = [];
  for (const value of values) {
    const last = ticks.at(-1);
    if (last === undefined || at(value) - at(last) > 0.06) ticks.push(value);
  }
  return ticks;
}

function logarithmic({ title, unit }: VisualAxis, values: readonly number[]): VisualScale {
  const { min, max, ticks } = logAxis(values, { title, unit });
  const at = (value: number) =>
    clamp(Math.log(Math.max(value, Number.MIN_VALUE) / min) / Math.log(max / min));
  const whole = [...new Set(values)].sort((a, b) => a - b);
  const counts = unit === "count" && whole.length <= fewCounts && whole.every(Number.isInteger);
  return {
    title,
    at,
    ticks: counts
      ? countTicks(whole, at).map((value) => ({ at: at(value), label: formatNumber(value, unit) }))
      : ticks.map(({ value, label }) => ({ at: at(value), label })),
  };
}

/** The scale of an axis that holds these values. */
export function visualScale(axis: VisualAxis, all: readonly number[]): VisualScale {
  const values = all.filter(Number.isFinite);
  if (values.length === 0) return linear(axis, [0, 1]);
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const log = axis.log ?? (low > 0 && high > widest * low);
  return log && high > 0 ? logarithmic(axis, values) : linear(axis, values);
}

/** A value in words. */
export function saidOf(value: number, unit: NumberUnit): string {
  return formatNumber(value, unit, 4);
}
