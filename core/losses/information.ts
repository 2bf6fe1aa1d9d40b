/**
 * Losses by entropy and mutual information, in nats: of experts and tags, of experts and tokens, of
 * one token's gate, and of each tag's tokens.
 *
 * Mutual information I(tag; expert) = H(expert) - H(expert | tag) is large where all experts are used
 * and each tag uses few. Mod-Squad, arXiv 2212.08066; ModuleFormer, arXiv 2306.04640; LIMoE, arXiv
 * 2206.02770; DSelect-k, arXiv 2106.03760.
 *
 * @module
 */
import { onesOf, shareOfRow } from "../gates/shorthand.ts";
import { weighted } from "./needs.ts";
import type { Balanced, BalanceRun } from "./run.ts";
import { aboveZero, columnMeans, entropyOfRows, meanOf, probabilities } from "./shares.ts";

/** Means over the tokens of each tag, and what each tag counts: [tags, 1]. */
function byTag<A, I>(run: BalanceRun<A, I>): { meansOf(a: A): A; weight_G1: A } {
  const { g, shape: { tokens, tags }, input } = run;
  const member_TG = g.put(onesOf(g, [tokens, 1]), input.tags, tags);
  const counts_G1 = g.transpose(g.sumColumns(member_TG));
  const present_G1 = g.map("positive", counts_G1);
  return {
    meansOf: (a) =>
      g.map("divide", g.product(member_TG, a, { transpose: "a" }), aboveZero(g, counts_G1)),
    // Tags count alike, however many tokens they have; those that a batch lacks do not count.
    weight_G1: g.map("divide", present_G1, g.total(present_G1)),
  };
}

/** -I(expert; tag) or -I(expert; token). */
export function mutualInformationLoss<A, I>(
  run: BalanceRun<A, I, "mutual-information">,
): Balanced<A> {
  const { g, spec } = run;
  if (spec.of === "tokens") {
    const p_TE = probabilities(run);
    const whole = g.total(entropyOfRows(g, columnMeans(g, p_TE)));
    return weighted(run, g.map("subtract", meanOf(g, entropyOfRows(g, p_TE)), whole));
  }
  const { meansOf, weight_G1 } = byTag(run);
  const p_GE = meansOf(probabilities(run));
  const mean_1E = g.sumColumns(g.map("multiply", p_GE, weight_G1));
  const within = g.total(g.map("multiply", entropyOfRows(g, p_GE), weight_G1));
  return weighted(run, g.map("subtract", within, g.total(entropyOfRows(g, mean_1E))));
}

/** The mean entropy of each token's weights (of its scores where it has none): few experts a token. */
export function entropyLoss<A, I>(run: BalanceRun<A, I, "entropy">): Balanced<A> {
  const { g, gates } = run;
  const p_TE = gates === undefined ? probabilities(run) : shareOfRow(g, gates);
  return weighted(run, meanOf(g, entropyOfRows(g, p_TE)));
}

/** The mean over tags of the mean entropy of their tokens' scores: each token is sure of its expert. */
export function localEntropyLoss<A, I>(run: BalanceRun<A, I, "local-entropy">): Balanced<A> {
  const { g } = run;
  const { meansOf, weight_G1 } = byTag(run);
  const means_G1 = meansOf(entropyOfRows(g, probabilities(run)));
  return weighted(run, g.total(g.map("multiply", means_G1, weight_G1)));
}

/**
 * The mean over tags of what the entropy of their mean scores lacks to a threshold: each tag uses
 * about exp(threshold) experts or more.
 */
export function globalEntropyLoss<A, I>(run: BalanceRun<A, I, "global-entropy">): Balanced<A> {
  const { g, spec } = run;
  const { meansOf, weight_G1 } = byTag(run);
  const p_GE = meansOf(probabilities(run));
  const lack_G1 = g.map("relu", g.shift(g.scale(entropyOfRows(g, p_GE), -1), spec.threshold));
  return weighted(run, g.total(g.map("multiply", lack_G1, weight_G1)));
}
