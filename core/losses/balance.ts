/**
 * Losses that make the shares of choices and of scores equal: E sum_e f_e P_e and its relatives.
 *
 * f is the share of choices that an expert gets; it is counted and has no gradient. P is the expert's
 * mean share of the scores; it pulls. At uniform routing each is 1/E and the loss 1, its least value
 * where the two agree. arXiv 2407.06204, equations (6) to (8); GShard, arXiv 2006.16668; Switch,
 * arXiv 2101.03961.
 *
 * @module
 */
import { marks, numberOf, shareOfRow } from "../gates/shorthand.ts";
import { needed, weighted } from "./needs.ts";
import type { Balanced, BalanceRun } from "./run.ts";
import { columnMeans, countsOf, probabilities, zeroExpertMask } from "./shares.ts";

/** The choices that count: the best score of each token, or all that the gate made. */
function counted<A, I>(run: BalanceRun<A, I>, of: "first" | "all"): I {
  return of === "first" ? run.g.topK(needed(run, "scores"), 1) : needed(run, "wanted");
}

/**
 * E sum f P over the batch, or its mean over sequences (DeepSeek-V3, arXiv 2412.19437). `of: "all"`
 * counts every choice, which is the expert-level loss of DeepSeekMoE (arXiv 2401.06066).
 */
export function balanceLoss<A, I>(run: BalanceRun<A, I, "balance">): Balanced<A> {
  const { of = "first", over = "batch" } = run.spec;
  const ids = counted(run, of);
  return weighted(run, over === "batch" ? overBatch(run, ids) : overSequences(run, ids));
}

function overBatch<A, I>(run: BalanceRun<A, I>, ids: I): A {
  const { g, shape: { experts } } = run;
  const f_1E = shareOfRow(g, countsOf(g, ids, { experts }));
  const p_1E = columnMeans(g, probabilities(run));
  return g.scale(g.total(g.map("multiply", f_1E, p_1E)), experts);
}

function overSequences<A, I>(run: BalanceRun<A, I>, ids: I): A {
  const { g, shape: { experts, length, tokens } } = run;
  const chosen_SE = g.segmentMeans(marks(g, ids, experts), length);
  const p_SE = g.segmentMeans(probabilities(run), length);
  const sums = g.total(g.map("multiply", shareOfRow(g, chosen_SE), p_SE));
  return g.scale(sums, experts * length / tokens);
}

/**
 * The same by sequence, counting the K best of scores that no bias has moved: DeepSeek-V3,
 * arXiv 2412.19437.
 */
export function sequenceWiseLoss<A, I>(run: BalanceRun<A, I, "sequence-wise">): Balanced<A> {
  const unbiased = run.g.topK(needed(run, "scores"), run.shape.topK);
  return weighted(run, overSequences(run, unbiased));
}

/** Null experts, which come last, count as their mean, so that they are free to differ: AdaMoE. */
export function nullAwareLoss<A, I>(run: BalanceRun<A, I, "null-aware">): Balanced<A> {
  const { g, shape: { experts }, zero = 0 } = run;
  const counts_1E = countsOf(g, needed(run, "wanted"), { experts });
  const null_1E = zeroExpertMask(run);
  const nulls = g.total(g.map("multiply", counts_1E, null_1E));
  const each = g.scale(nulls, 1 / Math.max(1, zero));
  const f_1E = shareOfRow(g, g.map("select", null_1E, each, counts_1E));
  const p_1E = columnMeans(g, probabilities(run));
  return weighted(run, g.scale(g.total(g.map("multiply", f_1E, p_1E)), experts));
}

/**
 * Experts that cost nothing count `share` of one that does: MoE++, arXiv 2410.07348. Scaled by E as
 * its relatives are, so that it is one of them where all experts are networks.
 */
export function twoKindsLoss<A, I>(run: BalanceRun<A, I, "two-kinds">): Balanced<A> {
  const { g, spec, shape: { experts } } = run;
  const free_1E = zeroExpertMask(run);
  const one = numberOf(g, 1);
  const eta_1E = g.map("select", free_1E, numberOf(g, spec.share), one);
  const f_1E = shareOfRow(g, countsOf(g, needed(run, "wanted"), { experts }));
  const p_1E = g.map("multiply", columnMeans(g, probabilities(run)), eta_1E);
  return weighted(run, g.scale(g.total(g.map("multiply", f_1E, p_1E)), experts));
}

/** Shares of the weights themselves instead of counts: Branch-Train-MiX, arXiv 2403.07816. */
export function gatesLoss<A, I>(run: BalanceRun<A, I, "gates">): Balanced<A> {
  const { g, shape: { experts } } = run;
  const u_1E = columnMeans(g, needed(run, "gates"));
  const p_1E = columnMeans(g, probabilities(run));
  return weighted(run, g.scale(g.total(g.map("multiply", u_1E, p_1E)), experts));
}
