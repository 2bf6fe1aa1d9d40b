/**
 * The prediction of several passes as one: each pass with another expert, their probabilities
 * averaged. THOR's ensemble takes all alike (arXiv 2110.04260), DEMix by the posterior of the domain
 * (arXiv 2108.05036; survey, section 4.1.1).
 *
 * @module
 */

/** log(sum(exp(x))), without overflow. */
export function logSum(x: ArrayLike<number>): number {
  const most = Array.from(x).reduce((a, b) => Math.max(a, b), -Infinity);
  if (most === -Infinity) return most;
  return most + Math.log(Array.from(x).reduce((sum, v) => sum + Math.exp(v - most), 0));
}

/**
 * Log-probabilities [V] of the mixture of G predictions, each [V]; with equal weights unless others
 * [G], not negative, are given. Weights are divided by their sum.
 *
 * @example
 * ```ts
 * import { mixedPrediction } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const parts = [[Math.log(0.2), Math.log(0.8)], [Math.log(0.6), Math.log(0.4)]];
 * assertAlmostEquals(Math.exp(mixedPrediction(parts)[0]), 0.4);
 * assertAlmostEquals(Math.exp(mixedPrediction(parts, [3, 1])[0]), 0.3);
 * ```
 */
export function mixedPrediction(
  logP_GV: readonly ArrayLike<number>[],
  weights_G: ArrayLike<number> = logP_GV.map(() => 1),
): Float64Array {
  if (weights_G.length !== logP_GV.length || logP_GV.length === 0) {
    throw new RangeError(
      `${logP_GV.length} predictions were mixed by ${weights_G.length} weights; ` +
        `both must be as many, and at least one`,
    );
  }
  const weights = Array.from(weights_G);
  const all = weights.reduce((a, b) => a + b, 0);
  if (!(all > 0) || weights.some((w) => w < 0)) {
    throw new RangeError(
      `Predictions were mixed by weights ${weights}; none is negative, one above 0`,
    );
  }
  const shares = weights.map((w) => Math.log(w / all));
  return Float64Array.from(logP_GV[0], (_, v) => logSum(logP_GV.map((p, j) => shares[j] + p[v])));
}
