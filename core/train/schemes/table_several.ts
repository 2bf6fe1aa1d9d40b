/**
 * Schemes that make one model of several: survey, arXiv 2407.06204, section 4.4.3, and BAM.
 *
 * @module
 */
import { recipeById } from "../../gates/recipes.ts";
import { branchAttendMix, type BranchAttendMixOptions } from "./branch_attend_mix.ts";
import { branchTrainMerge } from "./branch_train_merge.ts";
import { branchTrainMix, type ExpertCut, isExpert } from "./branch_train_mix.ts";
import type { SchemeRecipe, TogetherRecipe } from "./recipe.ts";

const several = { section: "4.4.3", from: "several dense", sameAtStart: true } as const;
const btx = { ...several, arxiv: "2403.07816" } as const;

/** BTX behind a gate. */
const mixedBy = (gate: string, cut?: ExpertCut): SchemeRecipe["apply"] => (sources, { seed }) => {
  const recipe = recipeById(gate);
  const { select } = recipe;
  const topK = select.kind === "top-k" ? select.k : select.kind === "all" ? sources.length : 1;
  return { ...branchTrainMix(sources, { topK, seed, recipe, cut }), recipe };
};

const below = "a network's weight is its probability, which is below 1";

const bam = {
  arxiv: "2408.08274",
  section: "later",
  from: "several dense",
  block: "parallel",
} as const;

const bamUnverified = {
  "balance": "0.01 times the auxiliary loss and 0.001 times the z-loss; the work names no values",
};

/** BAM behind its gate of networks, or behind the description's own router. */
const attendedBy = (
  options: Omit<BranchAttendMixOptions, "seed" | "recipe">,
  gate?: string,
): SchemeRecipe["apply"] =>
(sources, { seed }) => {
  const recipe = gate === undefined ? undefined : recipeById(gate);
  return { ...branchAttendMix(sources, { ...options, seed, recipe }), ...(recipe && { recipe }) };
};

/** Of several dense models. */
export const mergingSchemes: readonly SchemeRecipe[] = [
  {
    ...several,
    id: "branch-train-merge",
    name: "Branch-Train-Merge, parameters averaged",
    arxiv: "2208.03306",
    idea:
      "The parameters of models of several domains are averaged; there is no expert in the end.",
    apply: (sources) => branchTrainMerge(sources),
  },
  {
    ...btx,
    id: "btx",
    name: "Branch-Train-MiX",
    idea: "Networks of several domains become experts, the best two a token; all else is averaged.",
    apply: mixedBy("btx"),
  },
  {
    ...btx,
    id: "btx-unbalanced",
    name: "Branch-Train-MiX without balance",
    idea: "As BTX, without a loss that balances loads.",
    apply(sources, options) {
      const { recipe, ...made } = mixedBy("btx")(sources, options);
      return { ...made, recipe: { ...recipe!, balance: [] } };
    },
  },
  {
    ...btx,
    id: "btx-frozen",
    name: "Branch-Train-MiX, frozen experts",
    idea: "As BTX, but the mixture's training leaves the experts as they are.",
    apply: mixedBy("btx"),
    frozen: isExpert,
  },
  {
    ...btx,
    id: "btx-soft",
    name: "Branch-Train-MiX, soft",
    idea: "All domains' networks for each token.",
    apply: mixedBy("btx-soft"),
  },
  {
    ...btx,
    id: "btx-switch",
    name: "Branch-Train-MiX, Switch",
    idea: "The best network, with room for half as much again as its share.",
    ...{ sameAtStart: false, whyNot: `${below}, and tokens without room get nothing` },
    apply: mixedBy("btx-switch"),
    unverified: { "cap.order": "tokens in order" },
  },
  {
    ...btx,
    id: "btx-sample",
    name: "Branch-Train-MiX, sampled",
    idea: "One network, drawn as a softmax says that sharpens as training goes on.",
    ...{ sameAtStart: false, whyNot: below },
    apply: mixedBy("btx-sample"),
    unverified: { "select.rate": "the exponent; the work prints the temperature without it" },
  },
  {
    ...btx,
    id: "btx-split",
    name: "Branch-Train-MiX, split experts",
    idea: "Each domain's network is two experts of half its width.",
    ...{ sameAtStart: false, whyNot: "parts of a network, weighed, do not sum to it" },
    apply: mixedBy("btx", { kind: "split", parts: 2 }),
  },
  {
    ...btx,
    id: "btx-blend",
    name: "Branch-Train-MiX, blended experts",
    idea: "Each expert has a part of every domain's network.",
    ...{ sameAtStart: false, whyNot: "an expert has one part of the network, several times" },
    apply: mixedBy("btx", { kind: "blend" }),
  },
  {
    ...bam,
    id: "bam",
    name: "BAM, expert keys and values",
    idea: "Attention is experts too, all of them for each token, beside the best network.",
    ...{ sameAtStart: false, whyNot: below },
    apply: attendedBy({ kv: "expert" }, "bam-ffn"),
    unverified: bamUnverified,
  },
  {
    ...bam,
    id: "bam-shared-kv",
    name: "BAM, shared keys and values",
    idea: "Attention experts share keys and values, and so one cache.",
    ...{ sameAtStart: false, whyNot: below },
    apply: attendedBy({ kv: "shared" }, "bam-ffn"),
    unverified: { ...bamUnverified, "attention.kv": "they begin with the mean of the models'" },
  },
  {
    ...bam,
    id: "bam-normalised",
    name: "BAM, weights summing to 1",
    idea: "As BAM, but the chosen network has weight 1: the mixture begins where its models are.",
    sameAtStart: true,
    apply: attendedBy({ kv: "expert" }),
    unverified: { weigh: "a softmax over the chosen network; the work weighs by one over all" },
  },
  {
    ...bam,
    id: "bam-top-2",
    name: "BAM, best two attention experts",
    idea: "A token's attention is that of its best two experts.",
    ...{ sameAtStart: false, whyNot: `weights of attention sum to less than 1, and ${below}` },
    apply: attendedBy({ kv: "shared", routing: { topK: 2, over: "all" } }, "bam-ffn"),
    unverified: { ...bamUnverified, "attention.over": "a softmax over all attention experts" },
  },
  {
    ...bam,
    id: "bam-top-1",
    name: "BAM, best attention expert",
    idea: "A token's attention is that of its best expert.",
    ...{ sameAtStart: false, whyNot: `weights of attention sum to less than 1, and ${below}` },
    apply: attendedBy({ kv: "shared", routing: { topK: 1, over: "all" } }, "bam-ffn"),
    unverified: { ...bamUnverified, "attention.over": "a softmax over all attention experts" },
  },
];

/** Of models that stay several, and answer together. */
export const togetherRecipes: readonly TogetherRecipe[] = [
  {
    id: "btm-ensemble",
    name: "Branch-Train-Merge, predictions mixed",
    arxiv: "2208.03306",
    section: "4.4.3",
    idea:
      "Predictions of several domains' models are mixed by how well each foretold the text so far.",
    unverified: { "prior": "uniform, for each sequence" },
  },
  {
    id: "foe",
    name: "Fusion of Experts",
    arxiv: "2310.01542",
    section: "4.4.3",
    idea: "A small network learns from what several models say; the models stay as they are.",
    unverified: {
      "fuser": "one hidden layer, no biases; it reads the experts' chances of the next token",
      "experts.weights": "beside the work's two kinds, a fuser that weighs experts by likelihood",
    },
  },
  {
    id: "foe-frugal",
    name: "Fusion of Experts, frugal",
    arxiv: "2310.01542",
    section: "4.4.3",
    idea: "Experts are asked one after another, as long as a lower loss is worth the price.",
    unverified: {
      "fuser": "one that learned to do with any of the experts",
      "neighbours": "9, by what the fuser's hidden layer is given",
    },
  },
];
