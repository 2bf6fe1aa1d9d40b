/**
 * The router z-loss: the mean of squared log-sum-exp of the logits, which keeps them small. ST-MoE,
 * arXiv 2202.08906; arXiv 2407.06204, equation (11).
 *
 * @module
 */
import { needed, weighted } from "./needs.ts";
import type { Balanced, BalanceRun } from "./run.ts";
import { meanOf } from "./shares.ts";

/** mean_t (log sum_e exp logits_te)^2. */
export function zLoss<A, I>(run: BalanceRun<A, I, "z">): Balanced<A> {
  const { g } = run;
  return weighted(run, meanOf(g, g.map("square", g.logSumExp(needed(run, "logits")))));
}
