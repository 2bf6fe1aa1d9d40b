/**
 * Numbers with units, as people type them.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";

/** From a unit to bytes a second or seconds. */
const units: Readonly<Record<string, Readonly<Record<string, (value: number) => number>>>> = {
  bandwidth: {
    "B/s": (x) => x,
    "MB/s": (x) => x * 1e6,
    "GB/s": (x) => x * 1e9,
    "TB/s": (x) => x * 1e12,
    "Mb/s": (x) => x * 1e6 / 8,
    "Gb/s": (x) => x * 1e9 / 8,
  },
  time: { s: (x) => x, ms: (x) => x / 1e3, us: (x) => x / 1e6, ns: (x) => x / 1e9 },
};

const example: Readonly<Record<string, string>> = { bandwidth: "400Gb/s", time: "10us" };

/** What a text with a unit can be. */
export type Quantity = "bandwidth" | "time";

/**
 * Reads "400Gb/s" as 5e10 bytes a second and "10us" as 1e-5 seconds; b is a bit and B a byte.
 *
 * @throws {UserError} for anything else, and for what is not above 0.
 *
 * @example
 * ```ts
 * import { readQuantity } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readQuantity("400Gb/s", "bandwidth"), 50e9);
 * ```
 */
export function readQuantity(text: string, quantity: Quantity): number {
  const [, digits, unit] = text.match(/^([-+]?[\d.]+(?:e[-+]?\d+)?)([a-zA-Z].*)$/) ?? [];
  const scaled = unit === undefined ? undefined : units[quantity][unit];
  const value = Number(digits);
  if (scaled === undefined || !Number.isFinite(value) || value <= 0) {
    throw new UserError(
      `Cannot read "${text}" as a ${quantity}: wanted a number above 0 and one of ` +
        `${Object.keys(units[quantity]).join(", ")}, such as "${example[quantity]}"`,
    );
  }
  return scaled(value);
}

/**
 * Reads a plain number, such as "0.8".
 *
 * @throws {UserError} for what is no number, and for one outside of [low, high].
 */
export function readNumber(
  text: string,
  options: { low: number; high?: number; whole?: boolean },
): number {
  const { low, high = Infinity, whole = false } = options;
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value) && value >= low && value <= high && (!whole || value % 1 === 0)) {
    return value;
  }
  const least = low === Number.MIN_VALUE ? "above 0" : `from ${low} on`;
  const range = high === Infinity
    ? least
    : low === Number.MIN_VALUE
    ? `${least} up to ${high}`
    : `from ${low} to ${high}`;
  throw new UserError(`Cannot read "${text}": wanted a ${whole ? "whole " : ""}number ${range}`);
}
