/**
 * Gates of models that were merged from models of several domains: Branch-Train-MiX (survey, arXiv
 * 2407.06204, section 4.4.3) and BAM, which keeps the domains' attention as experts too.
 *
 * @module
 */
import type { GateRecipe } from "../recipe.ts";
import { auxiliary, linear, overAll, overChosen, room, routerZ } from "./parts.ts";

const softmax = {
  score: linear,
  select: { kind: "top-k", k: 2 },
  weigh: overChosen,
  balance: [],
  causal: true,
} as const;

const btx = { ...softmax, section: "4.4.3", arxiv: "2403.07816" } as const;

const bam = { ...softmax, section: "later", arxiv: "2408.08274" } as const;

/** Gates of merged models. */
export const mixedModelRecipes: readonly GateRecipe[] = [
  {
    ...bam,
    id: "bam-attention",
    name: "BAM, attention experts",
    idea: "Every token goes to all attention experts, softly: nothing to balance.",
    select: { kind: "all" },
    weigh: overAll,
    balance: [],
  },
  {
    ...bam,
    id: "bam-ffn",
    name: "BAM, feed-forward experts",
    idea: "The best of the networks of several domains, with losses on loads and logits.",
    select: { kind: "top-k", k: 1 },
    weigh: overAll,
    balance: [auxiliary, routerZ],
    unverified: {
      balance: "0.01 times the auxiliary loss and 0.001 times the z-loss; the work names no values",
    },
  },
  {
    ...btx,
    id: "btx",
    name: "Branch-Train-MiX, top 2",
    idea: "The best two of networks that were trained on domains of their own.",
    balance: [{ kind: "gates", weight: 0.01 }],
  },
  {
    ...btx,
    id: "btx-switch",
    name: "Branch-Train-MiX, Switch",
    idea: "The best one, with room for half as much again as its share.",
    select: { kind: "top-k", k: 1 },
    weigh: overAll,
    cap: room(1.5),
    balance: [],
    unverified: { "cap.order": "tokens in order" },
  },
  {
    ...btx,
    id: "btx-sample",
    name: "Branch-Train-MiX, sampled",
    idea: "One expert, drawn as the softmax says; its weight sharpens as training goes on.",
    select: { kind: "gumbel-best", rate: 1e-4, least: 0.5 },
    weigh: overAll,
    unverified: { "select.rate": "the exponent; the work prints the temperature without it" },
  },
  {
    ...btx,
    id: "btx-soft",
    name: "Branch-Train-MiX, soft",
    idea: "All domains' networks for each token, in training and in use.",
    select: { kind: "all" },
    weigh: overAll,
    balance: [],
  },
];
