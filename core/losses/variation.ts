/**
 * Losses by the coefficient of variation: importance, load, and localised balance.
 *
 * Importance is the sum of an expert's weights over a batch. Equal importance does not mean equally
 * many tokens, and a count has no gradient; the load is therefore the sum of each token's probability
 * of choosing the expert if its noise were drawn again. Shazeer et al., arXiv 1701.06538, section 4
 * and appendix A; V-MoE, arXiv 2106.05974.
 *
 * @module
 */
import { marks } from "../gates/shorthand.ts";
import { needed, weighted } from "./needs.ts";
import type { Balanced, BalanceRun } from "./run.ts";
import { squaredVariation } from "./shares.ts";

/** CV(importance)^2, of the weights or of all scores. */
export function importanceLoss<A, I>(run: BalanceRun<A, I, "importance">): Balanced<A> {
  const { g, spec: { of = "gates" } } = run;
  return weighted(run, squaredVariation(g, g.sumColumns(needed(run, of))));
}

/** CV(load)^2; nothing in evaluation, where a gate has no noise. */
export function loadLoss<A, I>(run: BalanceRun<A, I, "load">): Balanced<A> {
  const { g } = run;
  if (!run.training && run.noise === undefined) return { losses: [], state: {} };
  const { deviation } = needed(run, "noise");
  const margin = g.map("subtract", needed(run, "logits"), thresholdOf(run));
  const chance_TE = g.map("normalCdf", g.map("divide", margin, deviation));
  return weighted(run, squaredVariation(g, g.sumColumns(chance_TE)));
}

/** What an expert's noisy logit has to exceed: [T, 1] or [T, E]. */
function thresholdOf<A, I>(run: BalanceRun<A, I, "load">): A {
  const { g, spec: { rival = "all" }, shape: { experts, topK } } = run;
  const { noisy } = needed(run, "noise");
  const best = (k: number) => g.take(noisy, g.topK(noisy, k));
  if (rival === "all" || topK >= experts) return g.columns(best(topK), topK - 1, topK);
  const ahead = best(topK + 1);
  const isChosen = marks(g, g.topK(noisy, topK), experts);
  const last = g.columns(ahead, topK - 1, topK);
  // A chosen expert has to stay ahead of the first one that is not.
  return g.map("select", isChosen, g.columns(ahead, topK, topK + 1), last);
}

/**
 * CV^2 of weights that count 1 + delta where the expert's block is that of the token's tag and
 * 1 - delta elsewhere: blocks are free to specialise, and experts within a block are balanced.
 * LoRAMoE, arXiv 2312.09979.
 */
export function localisedLoss<A, I>(run: BalanceRun<A, I, "localised">): Balanced<A> {
  const { g, spec: { delta }, shape: { experts, tags }, input } = run;
  const table = g.constant(
    `localised by ${delta} [${tags}, ${experts}]`,
    [tags, experts],
    () =>
      Float64Array.from({ length: tags * experts }, (_, i) => {
        const tag = Math.floor(i / experts);
        return 1 + (Math.floor((i % experts) * tags / experts) === tag ? delta : -delta);
      }),
  );
  const kind_TE = g.lookUp(table, input.tags);
  const counted_TE = g.map("multiply", needed(run, "gates"), kind_TE);
  return weighted(run, squaredVariation(g, g.sumColumns(counted_TE)));
}
