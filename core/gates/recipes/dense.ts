/**
 * Gates that send each token to all experts: survey, arXiv 2407.06204, sections 2.1 and 4.1.2. They
 * pay where experts are cheap (low-rank ones), and as the first phase of a training that turns
 * sparse.
 *
 * @module
 */
import type { GateRecipe } from "../recipe.ts";
import { linear, overAll } from "./parts.ts";

const dense = {
  score: linear,
  select: { kind: "all" },
  weigh: overAll,
  balance: [],
  causal: true,
} as const;

/** Dense gates. */
export const denseRecipes: readonly GateRecipe[] = [
  {
    ...dense,
    id: "dense",
    name: "Dense mixture of experts",
    arxiv: null,
    section: "2.1",
    idea: "All experts, weighed by a softmax: what sparse gates leave most of out.",
  },
  {
    ...dense,
    id: "ds-moe-dense",
    name: "DS-MoE, training",
    arxiv: "2404.05567",
    section: "4.1.2",
    idea: "All experts get a gradient while the model is trained; in use few are kept.",
    balance: [{ kind: "mutual-information", weight: 0.001, of: "tokens" }],
  },
  {
    ...dense,
    id: "evomoe",
    name: "EvoMoE",
    arxiv: "2112.14397",
    section: "4.1.2",
    idea: "Dense at first: as the softmax cools, fewer experts stay above a threshold.",
    score: { kind: "linear", noise: { kind: "gumbel", temperature: 1 } },
    select: { kind: "above", threshold: 0.1, annealed: true, from: 2, to: 0.3 },
    unverified: {
      "select.threshold": "0.1",
      "select.from": "a temperature of 2",
      "select.to": "a temperature of 0.3",
      "score.noise": "Gumbel noise on the logits",
    },
  },
  {
    ...dense,
    id: "mole",
    name: "MoLE",
    arxiv: null,
    section: "4.1.2",
    idea: "Trained low-rank experts stay as they are; a gate in each layer learns to compose them.",
    balance: [{ kind: "importance", weight: 0.01, of: "scores" }],
    unverified: {
      balance: "variation of the mean weights, 0.01; the work balances by entropy, in a form " +
        "that is not confirmed",
    },
  },
  {
    ...dense,
    id: "loramoe",
    name: "LoRAMoE",
    arxiv: "2312.09979",
    section: "4.1.2",
    idea:
      "Low-rank experts in two groups, world knowledge and tasks; a text of one kind is to use " +
      "its own group more.",
    balance: [{ kind: "localised", weight: 0.01, delta: 0.1 }],
    unverified: { balance: "0.01 times the auxiliary loss", "balance.localised.delta": "0.1" },
  },
];
