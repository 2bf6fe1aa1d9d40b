/**
 * Balance losses that read logits in a way of their own: StableMoE and X-MoE.
 *
 * @module
 */
import { marks, shareOfRow } from "../gates/shorthand.ts";
import { needed, weighted } from "./needs.ts";
import type { Balanced, BalanceRun } from "./run.ts";
import { countsOf } from "./shares.ts";

/**
 * 1 / T sum_e (n_e - n) / n sum_{t of e} sigmoid(logit_te), n the mean number of choices an expert:
 * StableMoE's first stage, arXiv 2204.08396.
 *
 * The work writes a sum over the tokens. Beside a mean cross-entropy that sum grows with the batch:
 * over 512 tokens its gradient is some 80 times that of the cross-entropy, which the first stage then
 * hardly lowers. Here it is a mean as well, with the coefficient of the work.
 */
export function stableLoss<A, I>(run: BalanceRun<A, I, "stable">): Balanced<A> {
  const { g, shape: { experts, tokens } } = run;
  const chosen_TE = marks(g, needed(run, "wanted"), experts);
  const shares_1E = shareOfRow(g, g.sumColumns(chosen_TE));
  const excess_1E = g.shift(g.scale(shares_1E, experts), -1);
  const open_TE = g.map("sigmoid", needed(run, "logits"));
  const pull_1E = g.sumColumns(g.map("multiply", open_TE, chosen_TE));
  const sum = g.total(g.map("multiply", excess_1E, pull_1E));
  return weighted(run, g.scale(sum, 1 / tokens));
}

/**
 * E / T sum_e f_e sum_t softmax(s_t / temperature)_e with similarities s and a temperature that is
 * not trained: X-MoE, arXiv 2204.09179. With sigmoids, they are divided by their sum.
 */
export function xMoeLoss<A, I>(run: BalanceRun<A, I, "x-moe">): Balanced<A> {
  const { g, spec, shape: { experts, tokens } } = run;
  const s_TE = g.scale(run.similarities ?? needed(run, "logits"), 1 / spec.temperature);
  const p_TE = spec.scores === "softmax" ? g.softmax(s_TE) : shareOfRow(g, g.map("sigmoid", s_TE));
  const f_1E = shareOfRow(g, countsOf(g, needed(run, "wanted"), { experts }));
  const sum = g.total(g.map("multiply", f_1E, g.sumColumns(p_TE)));
  return weighted(run, g.scale(sum, experts / tokens));
}
