/**
 * How far predictions are from measurements, and whether they rank right.
 *
 * @module
 */
import { mean, median } from "simple-statistics";
import type { Pair, PairSummary } from "../../reports/result.ts";

/** Kendall's tau-a of two equally long lists: 1 where they rank alike, -1 where inversely. */
export function kendallTau(a: readonly number[], b: readonly number[]): number {
  let score = 0;
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) score += Math.sign(a[i] - a[j]) * Math.sign(b[i] - b[j]);
  }
  return a.length < 2 ? 1 : 2 * score / (a.length * (a.length - 1));
}

/** Predicted over measured, less one. */
export const errorOf = (pair: Pick<Pair, "predicted" | "measured">): number =>
  pair.predicted.value / pair.measured.value - 1;

/** Error statistics of a group of pairs. */
export function summarisePairs(group: string, pairs: readonly Pair[]): PairSummary {
  const errors = pairs.map(errorOf);
  const absolute = errors.map(Math.abs);
  const worst = absolute.indexOf(Math.max(...absolute));
  return {
    group,
    n: pairs.length,
    medianAbsoluteError: median(absolute),
    meanAbsoluteError: mean(absolute),
    medianSignedError: median(errors),
    worst: { id: pairs[worst].id, label: pairs[worst].label, error: errors[worst] },
    kendallTau: kendallTau(
      pairs.map((p) => p.predicted.value),
      pairs.map((p) => p.measured.value),
    ),
  };
}
