/**
 * Comparisons over seeds: a mean with the interval of Student's t, and ranks that admit what the
 * intervals do not tell apart.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";

/**
 * Probability that Student's t with `freedom` degrees lies within ±t: the finite sums of Abramowitz
 * and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
 */
function within(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const odd = freedom % 2 === 1;
  let term = odd ? cos : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= (k - 1) / k * cos * cos;
    sum += term;
  }
  return odd ? 2 / Math.PI * (angle + sin * sum) : sin * sum;
}

/**
 * The t that Student's distribution stays within, on both sides, with a probability.
 *
 * @throws {RangeError} where the degrees are no whole number from 1 on or the probability is not
 * between 0 and 1.
 *
 * @example
 * ```ts
 * import { studentT } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(studentT(0.95, { freedom: 4 }), 2.776, 1e-3);
 * ```
 */
export function studentT(confidence: number, options: { freedom: number }): number {
  const { freedom } = options;
  if (!(Number.isInteger(freedom) && freedom >= 1 && confidence > 0 && confidence < 1)) {
    throw new RangeError(
      `Cannot take Student's t: found ${freedom} degrees of freedom and ${confidence}, ` +
        "wanted 1 or more and a probability between 0 and 1",
    );
  }
  let [low, high] = [0, 1];
  while (within(high, freedom) < confidence) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (within(middle, freedom) < confidence) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The mean of independent samples, such as one a seed, with its interval. For two trainings on equal
 * seeds the mean of their differences tells more than two means.
 *
 * @throws {RangeError} where there are fewer than two samples: one has no interval.
 *
 * @example
 * ```ts
 * import { meanOverSeeds } from "@moelab/moelab/core";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const { value, lo, hi, n } = meanOverSeeds([1, 2, 3]);
 * assertEquals([value, n], [2, 3]);
 * assertAlmostEquals(hi - lo, 2 * 4.3027 / Math.sqrt(3), 1e-3);
 * ```
 */
export function meanOverSeeds(
  samples: readonly number[],
  options: { confidence?: number } = {},
): Estimate {
  const { confidence = 0.95 } = options;
  const n = samples.length;
  if (n < 2) throw new RangeError(`Cannot give an interval: found ${n} samples, wanted 2 or more`);
  const value = samples.reduce((sum, x) => sum + x, 0) / n;
  const squares = samples.reduce((sum, x) => sum + (x - value) ** 2, 0);
  const half = studentT(confidence, { freedom: n - 1 }) * Math.sqrt(squares / (n - 1) / n);
  const method = `mean, ${Number((100 * confidence).toFixed(2))} % Student's t`;
  return { value, lo: value - half, hi: value + half, n, method };
}

/**
 * Ranks from 1 on, where the intervals do not overlap: 1 more than the number of those that lie
 * wholly on the better side. Whatever an interval shares with the best has rank 1 too.
 *
 * @example
 * ```ts
 * import { sharedRanks } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const intervals = [{ lo: 3, hi: 4 }, { lo: 1, hi: 2 }, { lo: 1.5, hi: 2.5 }];
 * assertEquals(sharedRanks(intervals, { better: "lower" }), [3, 1, 1]);
 * ```
 */
export function sharedRanks(
  estimates: readonly Pick<Estimate, "lo" | "hi">[],
  options: { better: "lower" | "higher" },
): number[] {
  const beats = options.better === "lower"
    ? (a: Pick<Estimate, "lo" | "hi">, b: Pick<Estimate, "lo" | "hi">) => a.hi < b.lo
    : (a: Pick<Estimate, "lo" | "hi">, b: Pick<Estimate, "lo" | "hi">) => a.lo > b.hi;
  return estimates.map((one) => 1 + estimates.filter((other) => beats(other, one)).length);
}
