/**
 * A choice that is drawn has no gradient, but its expected loss has one: REINFORCE, as the router of
 * Clark et al. uses it (RL-R, arXiv 2202.01169; survey, section 4.1.1). The gradient of
 *
 *     mean over tokens of (loss - baseline) log p(choice)
 *
 * by the router, with loss and baseline held fixed, is in expectation that of the mean loss. The
 * baseline changes no expectation; it lowers the variance.
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";

/** What one batch gave. */
export interface DrawnChoices<A> {
  /** Loss of each token, [T, 1]; no gradient goes into it. */
  losses_T1: A;
  /** Log-probability of what was chosen for each token, [T, 1]. */
  logProbabilities_T1: A;
  /** What a loss usually is, [1, 1]. */
  baseline: A;
}

/** The surrogate, [1, 1]; its value says nothing, its gradient is the router's. */
export function reinforceLoss<A, I>(g: Arrays<A, I>, drawn: DrawnChoices<A>): A {
  const { losses_T1, logProbabilities_T1, baseline } = drawn;
  const [tokens] = g.shapeOf(losses_T1);
  const worse = g.detach(g.map("subtract", losses_T1, baseline));
  return g.scale(g.total(g.map("multiply", worse, logProbabilities_T1)), 1 / tokens);
}

/** The baseline after a batch: `keep` of the old one, the rest the mean loss of the batch. */
export function movedBaseline<A, I>(
  g: Arrays<A, I>,
  batch: { baseline: A; losses_T1: A; keep: number },
): A {
  const { baseline, losses_T1, keep } = batch;
  const [tokens] = g.shapeOf(losses_T1);
  const mean = g.scale(g.total(losses_T1), (1 - keep) / tokens);
  return g.detach(g.map("add", g.scale(baseline, keep), mean));
}
