/**
 * Experts in attention and in networks for images: the survey's section 4.2.1 (arXiv 2407.06204).
 *
 * @module
 */
import { recipeById } from "../gates/recipes.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import type { ExpertRecipe } from "./recipe.ts";

const attention = { section: "4.2.1", where: "attention" } as const;

/** Experts that are attention. */
export const attentionRecipes: readonly ExpertRecipe[] = [
  {
    ...attention,
    ...{ id: "experts-attention", name: "MoA", arxiv: "2210.05144" },
    idea: "Pairs of query and output matrices are experts; keys and values are shared.",
    ...{ gate: recipeById("moa"), routed: { kind: "attention", keys: "shared" } },
    unverified: { gate: "a softmax over the two chosen" },
  },
  {
    ...attention,
    ...{ id: "experts-attention-own-keys", name: "BAM, attention experts", arxiv: "2408.08274" },
    section: "later",
    idea: "Whole attention heads are experts, all of them used, weighed by the gate.",
    ...{ gate: recipeById("bam-attention"), routed: { kind: "attention", keys: "own" } },
  },
  {
    ...attention,
    ...{ id: "experts-heads", name: "MoH", arxiv: "2410.11842", section: "later" },
    idea: "Heads are the experts: some always on, the others chosen, all of them weighed.",
    gate: recipeById("moh"),
    routed: { kind: "attention", keys: "own", always: 2, levels: true },
    unverified: { "routed.always": "2", "routed.levels": "two softmaxes" },
  },
];

/** One expert for a whole image, by a softmax over all of them. */
const byImage: GateRecipe = {
  ...recipeById("switch"),
  score: { kind: "linear", of: "sequence" },
  cap: undefined,
  causal: false,
  nearest: "switch",
};

const image = {
  section: "4.2.1",
  where: "image",
  routed: { kind: "convolution", size: 3, activation: "relu" },
} as const;

/** Experts that convolve images. */
export const imageRecipes: readonly ExpertRecipe[] = [
  {
    ...image,
    ...{ id: "experts-patches", name: "pMoE", arxiv: "2306.04073" },
    idea: "Each expert takes the patches of an image that it scores best, and convolves no others.",
    gate: recipeById("expert-choice"),
    unverified: { routed: "filters of 3 x 3 places", "gate.select.capacity": "2 experts a patch" },
  },
  {
    ...image,
    ...{ id: "experts-adversarial", name: "ADVMOE", arxiv: "2308.10110" },
    idea: "An image picks its filters; router and filters learn by turns against an adversary.",
    gate: byImage,
    training: { kind: "adversarial", turn: 10, strength: 0.05 },
    unverified: {
      "training.turn": "10 steps",
      "training.strength": "0.05, one step by the sign of the gradient",
    },
  },
  {
    ...image,
    ...{ id: "experts-two-layer", name: "Chen et al.", arxiv: "2208.02813" },
    idea: "Two-layer networks of filters, one for a cluster of images, by a gate with noise.",
    gate: { ...byImage, score: { ...byImage.score, noise: { kind: "normal", deviation: "1/E" } } },
    unverified: { "gate.score.noise": "normal, of deviation 1/E" },
  },
  {
    ...image,
    ...{ id: "experts-channels", name: "DeepMoE", arxiv: "1806.01531" },
    idea: "Every channel is an expert, weighed by a ReLU gate on an embedding of the image.",
    gate: {
      ...recipeById("remoe"),
      score: { kind: "linear", of: "sequence" },
      balance: [{ kind: "relu-l1", start: 1e-8, factor: 1.2, k: 8 }],
      causal: false,
      nearest: "remoe",
    },
    cut: 8,
    unverified: { gate: "the loss of ReMoE, for 8 channels, in place of an L1 of fixed weight" },
  },
];
