/**
 * A number with its interval: what was measured, or what was predicted.
 *
 * @module
 */

/** A value with its interval, the number of samples behind it, and how it was obtained. */
export interface Estimate {
  /** Best single value, in the unit that the key or the column names. */
  value: number;
  /** Lower end of the interval. */
  lo: number;
  /** Upper end of the interval. */
  hi: number;
  /** Number of samples behind it; 0 for a formula. */
  n: number;
  /** How value and interval were obtained, such as "median, 95 % order statistics". */
  method: string;
}

/** An estimate without an interval. */
export function exactly(value: number, method: string): Estimate {
  return { value, lo: value, hi: value, n: 0, method };
}

/**
 * The sum of estimates, intervals added end to end (errors taken as fully correlated).
 *
 * @example
 * ```ts
 * import { exactly, sum } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const a = exactly(2, "counted");
 * const b = { value: 5, lo: 4, hi: 7, n: 9, method: "measured" };
 * assertEquals(sum([a, b], "both"), { value: 7, lo: 6, hi: 9, n: 9, method: "both" });
 * ```
 */
export function sum(parts: readonly Estimate[], method: string): Estimate {
  const total = (key: "value" | "lo" | "hi" | "n") => parts.reduce((s, p) => s + p[key], 0);
  return { value: total("value"), lo: total("lo"), hi: total("hi"), n: total("n"), method };
}

/** The middle of two numbers, whose sum or difference may be more than a number can be. */
function between(a: number, b: number): number {
  return a < 0 === b < 0 ? a + (b - a) / 2 : (a + b) / 2;
}

/**
 * The median of samples with a distribution-free interval of at least 95 % confidence (order
 * statistics of the binomial; with fewer than six samples the interval is the whole range).
 *
 * @example
 * ```ts
 * import { median } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(median([3, 1, 2]).value, 2);
 * ```
 */
export function median(samples: readonly number[]): Estimate {
  const confidence = 0.95;
  if (samples.length === 0) throw new RangeError("Cannot take the median of 0 samples");
  const x = [...samples].sort((a, b) => a - b);
  const n = x.length;
  const mid = n % 2 ? x[(n - 1) / 2] : between(x[n / 2 - 1], x[n / 2]);
  let p = 2 ** -n;
  let tail = 0;
  let rank = 0;
  while (tail + p <= (1 - confidence) / 2 && rank < Math.floor(n / 2)) {
    tail += p;
    p *= (n - rank) / (rank + 1);
    rank++;
  }
  const low = Math.max(0, rank - 1);
  return {
    value: mid,
    lo: x[low],
    hi: x[n - 1 - low],
    n,
    method: `median, ${confidence * 100} % order statistics`,
  };
}
