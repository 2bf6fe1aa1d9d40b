/**
 * Two passes of one batch, each through other random experts, are to predict the same: THOR, arXiv
 * 2110.04260 (survey, section 4.1.1). A gate without parameters learns nothing itself; what the
 * loss trains is that any expert can stand in for any other.
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";

/** Log-probabilities [T, V] of logits [T, V]. */
export function logProbabilities<A, I>(g: Arrays<A, I>, logits_TV: A): A {
  return g.map("subtract", logits_TV, g.logSumExp(logits_TV));
}

/**
 * Half of KL(p, q) + KL(q, p), mean over the tokens: [1, 1], in nats. It is 0 where both passes
 * agree, and the same for (p, q) as for (q, p). The trainer adds it `weight` times to the loss of
 * both passes; the weight is a setting, no figure of the work.
 *
 * @example
 * ```ts
 * import { consistencyLoss, hostArrays, logProbabilities } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const g = hostArrays({ seed: 1 });
 * const logP = logProbabilities(g, g.constant("p", [1, 2], () => [0, 0]));
 * const logQ = logProbabilities(g, g.constant("q", [1, 2], () => [Math.log(3), 0]));
 * // (1/2 - 3/4) ln(2/3) + (1/2 - 1/4) ln 2, halved.
 * assertAlmostEquals(consistencyLoss(g, [logP, logQ]).data[0], Math.log(3) / 8);
 * ```
 */
export function consistencyLoss<A, I>(
  g: Arrays<A, I>,
  [logP_TV, logQ_TV]: readonly [logP_TV: A, logQ_TV: A],
): A {
  const [tokens] = g.shapeOf(logP_TV);
  const apart = g.map("subtract", g.map("exp", logP_TV), g.map("exp", logQ_TV));
  const divergence = g.map("multiply", apart, g.map("subtract", logP_TV, logQ_TV));
  return g.scale(g.total(divergence), 1 / (2 * tokens));
}
