/**
 * The losses and controllers that the experiment `balance` holds against each other: each is the same
 * gate with another `balance` field, and with what that loss cannot do without.
 *
 * Coefficients are those of the survey's Table 1 (arXiv 2407.06204) and of the works themselves; what
 * no source confirms is named in `unverified`.
 *
 * @module
 */
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { recipeById } from "../../../core/gates/recipes.ts";
import type { BalanceSpec } from "../../../core/losses/specs.ts";

/** A row of the table. */
export interface Balancer {
  /** Lower case with hyphens. */
  id: string;
  /** Name, as people write it. */
  name: string;
  /** arXiv id of the work that it comes from; null where there is none. */
  arxiv: string | null;
  /** Section of the survey, or "later". */
  section: string;
  /** The losses and controllers. */
  balance: readonly BalanceSpec[];
  /** What the gate must have for them. */
  gate?: Partial<Pick<GateRecipe, "score" | "select" | "weigh" | "cap" | "zeroExperts">>;
  /** What no source confirms. */
  unverified?: string;
}

const biased = { kind: "linear", bias: true } as const;
const noisy = { ...biased, noise: { kind: "normal", deviation: "1/E" } } as const;
const sigmoid = { kind: "sigmoid", normalised: true } as const;

/** Losses and controllers, "none" first. */
export const balancers: readonly Balancer[] = [
  { id: "none", name: "none", arxiv: null, section: "4.1.1", balance: [] },
  {
    ...{ id: "importance", name: "importance", arxiv: "1701.06538", section: "4.1.1" },
    balance: [{ kind: "importance", weight: 0.1 }],
  },
  {
    ...{ id: "importance-load", name: "importance and load", arxiv: "1701.06538" },
    section: "4.1.1",
    balance: [{ kind: "importance", weight: 0.1 }, { kind: "load", weight: 0.1 }],
    gate: { score: noisy },
    unverified: "deviation of the noise, which is V-MoE's",
  },
  {
    ...{ id: "first-choices", name: "balance of first choices (GShard)", arxiv: "2006.16668" },
    section: "4.1.1",
    balance: [{ kind: "balance", weight: 0.01, of: "first" }],
  },
  {
    ...{ id: "balance", name: "balance (Switch)", arxiv: "2101.03961", section: "4.1.1" },
    balance: [{ kind: "balance", weight: 0.01, of: "all" }],
    unverified: "all choices of a token are counted; the work has one",
  },
  {
    ...{ id: "balance-z", name: "balance and z (ST-MoE)", arxiv: "2202.08906", section: "4.1.1" },
    balance: [{ kind: "balance", weight: 0.01 }, { kind: "z", weight: 0.001 }],
  },
  {
    ...{ id: "z", name: "z alone", arxiv: "2202.08906", section: "4.1.1" },
    balance: [{ kind: "z", weight: 0.001 }],
  },
  {
    ...{ id: "balance-sequence", name: "balance in each sequence", arxiv: "2501.11873" },
    section: "later",
    balance: [{ kind: "balance", weight: 0.01, over: "sequence" }],
    unverified: "coefficient",
  },
  {
    ...{ id: "mutual-information-tags", name: "mutual information with domains (Mod-Squad)" },
    ...{ arxiv: "2212.08066", section: "4.1.1" },
    balance: [{ kind: "mutual-information", weight: 0.001, of: "tags" }],
  },
  {
    ...{ id: "mutual-information-tokens", name: "mutual information with tokens (ModuleFormer)" },
    ...{ arxiv: "2306.04640", section: "4.1.1" },
    balance: [{ kind: "mutual-information", weight: 0.001, of: "tokens" }],
  },
  {
    ...{ id: "stable", name: "StableMoE", arxiv: "2204.08396", section: "4.1.1" },
    balance: [{ kind: "stable", weight: 0.3 }],
    gate: { weigh: sigmoid },
  },
  {
    ...{ id: "x-moe", name: "X-MoE", arxiv: "2204.09179", section: "4.1.1" },
    balance: [{ kind: "x-moe", weight: 0.01, temperature: 0.3, scores: "softmax" }],
    unverified: "coefficient",
  },
  {
    ...{ id: "null-aware", name: "null experts in one (AdaMoE)", arxiv: "2406.13233" },
    section: "4.1.1",
    balance: [{ kind: "null-aware", weight: 0.01 }],
    gate: { zeroExperts: { null: 2 } },
    unverified: "coefficient",
  },
  {
    ...{ id: "dynmoe", name: "diversity, simplicity, balance (DYNMoE)", arxiv: "2405.14297" },
    section: "4.1.1",
    balance: [
      { kind: "diversity", weight: 0.01 },
      { kind: "simplicity", weight: 0.01 },
      { kind: "balance", weight: 0.01 },
    ],
    gate: { score: recipeById("dynmoe").score },
    unverified: "coefficients",
  },
  {
    ...{ id: "efficiency", name: "mean of the gates (DYNMoE)", arxiv: "2405.14297" },
    section: "4.1.1",
    balance: [{ kind: "efficiency", weight: 0.01 }],
    unverified: "coefficient",
  },
  {
    ...{ id: "device", name: "expert and device balance (DeepSeekMoE)", arxiv: "2401.06066" },
    section: "4.1.1",
    balance: [{ kind: "balance", weight: 0.003 }, { kind: "device", weight: 0.05, devices: 4 }],
    unverified: "coefficients, which are those of its 145B model; number of devices",
  },
  {
    ...{ id: "communication", name: "expert, device, communication (DeepSeek-V2)" },
    ...{ arxiv: "2405.04434", section: "4.1.1" },
    balance: [
      { kind: "balance", weight: 0.003 },
      { kind: "device", weight: 0.05, devices: 4 },
      { kind: "communication", weight: 0.02, devices: 4, chosen: 2 },
    ],
    unverified: "coefficients; number of devices",
  },
  {
    ...{ id: "sequence-wise", name: "bias and sequence-wise (DeepSeek-V3)", arxiv: "2412.19437" },
    section: "later",
    balance: [{ kind: "bias", rate: 0.001 }, { kind: "sequence-wise", weight: 0.0001 }],
    gate: { select: { kind: "top-k", k: 2, bias: true }, weigh: sigmoid },
    unverified: "rate and coefficient",
  },
  {
    ...{ id: "bias", name: "bias of the choice (loss-free)", arxiv: "2408.15664" },
    section: "later",
    balance: [{ kind: "bias", rate: 0.001 }],
    gate: { select: { kind: "top-k", k: 2, bias: true }, weigh: sigmoid },
    unverified: "rate",
  },
  {
    ...{ id: "relu-l1", name: "L1 of ReLU gates (ReMoE)", arxiv: "2412.14711" },
    section: "later",
    balance: [{ kind: "relu-l1", start: 1e-8, factor: 1.2 }],
    gate: { select: { kind: "above-zero" }, weigh: { kind: "relu" } },
  },
  {
    ...{ id: "two-kinds", name: "experts that cost nothing count less (MoE++)" },
    ...{ arxiv: "2410.07348", section: "later" },
    balance: [{ kind: "two-kinds", weight: 0.01, share: 0.75 }],
    gate: { zeroExperts: { null: 1, copy: 1 } },
  },
  {
    ...{ id: "localised", name: "localised balance (LoRAMoE)", arxiv: "2312.09979" },
    section: "4.3.1",
    balance: [{ kind: "localised", weight: 0.01, delta: 0.1 }],
    unverified: "coefficient and delta",
  },
  {
    ...{ id: "limoe", name: "local and global entropy (LIMoE)", arxiv: "2206.02770" },
    section: "6",
    balance: [
      { kind: "local-entropy", weight: 0.01 },
      { kind: "global-entropy", weight: 0.01, threshold: Math.log(4) },
    ],
    unverified: "coefficients and threshold",
  },
  {
    ...{ id: "gates", name: "shares of the gates (Branch-Train-MiX)", arxiv: "2403.07816" },
    section: "4.4.3",
    balance: [{ kind: "gates", weight: 0.01 }],
  },
  {
    ...{ id: "adaptive", name: "coefficient that follows drops (Skywork-MoE)" },
    ...{ arxiv: "2406.06563", section: "4.1.1" },
    balance: [{ kind: "adaptive", slope: 0.2, most: 0.01, keep: 0.99 }],
    gate: { cap: { kind: "factor", factor: 1.25, order: "sequence" } },
    unverified: "capacity factor",
  },
  {
    ...{ id: "entropy", name: "entropy of each token's gate (DSelect-k)", arxiv: "2106.03760" },
    section: "4.1.1",
    balance: [{ kind: "entropy", weight: 0.01 }],
    unverified: "coefficient",
  },
];

/** The gate of a balancer: linear with a bias, the two best of the softmax. */
export function balancedRecipe({ id, name, arxiv, section, balance, gate }: Balancer): GateRecipe {
  return {
    ...{ id: `balance-${id}`, name, arxiv, section },
    idea: "a linear top-2 gate that begins collapsed",
    score: biased,
    select: { kind: "top-k", k: 2 },
    weigh: { kind: "softmax", over: "chosen" },
    ...gate,
    balance,
    causal: true,
  };
}
