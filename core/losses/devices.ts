/**
 * Balance of devices, each of which holds a block of experts: DeepSeek-V2, arXiv 2405.04434.
 *
 * @module
 */
import { marks, shareOfRow } from "../gates/shorthand.ts";
import { needed, weighted } from "./needs.ts";
import type { Balanced, BalanceRun } from "./run.ts";
import { columnMeans, countsOf, deviceBlocks, probabilities } from "./shares.ts";

/** sum_d f_d P_d: f the mean of its experts' shares times E, P the sum of their scores. */
export function deviceLoss<A, I>(run: BalanceRun<A, I, "device">): Balanced<A> {
  const { g, spec: { devices }, shape: { experts } } = run;
  const blocks_ED = deviceBlocks(g, { experts, devices });
  const shares_1E = shareOfRow(g, countsOf(g, needed(run, "wanted"), { experts }));
  const f_1D = g.scale(g.product(shares_1E, blocks_ED), devices);
  const p_1D = g.product(columnMeans(g, probabilities(run)), blocks_ED);
  return weighted(run, g.total(g.map("multiply", f_1D, p_1D)));
}

/**
 * sum_d f_d P_d with f_d the tokens that are sent to a device, times devices / (chosen T): each
 * device receives equally much where each token goes to `chosen` of them.
 */
export function communicationLoss<A, I>(run: BalanceRun<A, I, "communication">): Balanced<A> {
  const { g, spec: { devices, chosen }, shape: { experts, tokens } } = run;
  const blocks_ED = deviceBlocks(g, { experts, devices });
  const chosen_TE = marks(g, needed(run, "wanted"), experts);
  const sent_TD = g.map("positive", g.product(chosen_TE, blocks_ED));
  const f_1D = g.scale(g.sumColumns(sent_TD), devices / (chosen * tokens));
  const p_1D = g.product(columnMeans(g, probabilities(run)), blocks_ED);
  return weighted(run, g.total(g.map("multiply", f_1D, p_1D)));
}
