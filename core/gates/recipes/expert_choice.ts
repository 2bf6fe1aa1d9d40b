/**
 * Gates whose experts choose their tokens: survey, arXiv 2407.06204, section 4.1.1; and mixture of
 * depths, section 4.5, which lets one layer choose its tokens.
 *
 * A token competes with those after it, so none of these serves a causal decoder; the row it is to
 * be replaced by there is `nearest`.
 *
 * @module
 */
import type { GateRecipe } from "../recipe.ts";
import { auxiliary, linear, overAll, overChosen, room } from "./parts.ts";

const expertChoice = {
  section: "4.1.1",
  score: linear,
  weigh: overAll,
  balance: [],
  causal: false,
  nearest: "sparse-upcycling-decoder",
} as const;

const upcycling = { ...expertChoice, section: "4.4.1", arxiv: "2212.05055" } as const;

const depth = {
  section: "4.5",
  arxiv: "2404.02258",
  score: { kind: "none" },
  weigh: { kind: "chosen" },
  balance: [],
} as const;

const depthUnverified = {
  "select.capacity": "0.125 of the tokens of a sequence",
  weigh: "the sigmoid of one number a token, an equal part of it for each expert",
};

/** Gates by expert choice. */
export const expertChoiceRecipes: readonly GateRecipe[] = [
  {
    ...expertChoice,
    id: "expert-choice",
    name: "Expert-Choice",
    arxiv: "2202.09368",
    idea:
      "Each expert takes its best tokens: loads are equal without a loss, and a token has any " +
      "number of experts.",
    select: { kind: "expert-choice", capacity: 2 },
    unverified: { "select.capacity": "2 experts a token on average" },
  },
  {
    ...expertChoice,
    id: "expert-choice-capped",
    name: "Expert-Choice, capped",
    arxiv: "2202.09368",
    idea: "As expert choice, but a token is taken by few experts at most: a plan with entropy " +
      "keeps both sides' limits.",
    select: { kind: "expert-choice", capacity: 2, most: 3, entropy: 0.05, rounds: 10 },
    unverified: {
      "select.capacity": "2 experts a token on average",
      "select.most": "3",
      "select.entropy": "0.05",
      "select.rounds": "10",
    },
  },
  {
    ...expertChoice,
    id: "brainformers",
    name: "Brainformers",
    arxiv: "2306.00008",
    idea: "Expert choice in a block whose layers were searched for and follow no regular order.",
    select: { kind: "expert-choice", capacity: 1 },
    unverified: { "select.capacity": "1 expert a token on average" },
  },
  {
    ...upcycling,
    id: "sparse-upcycling-vision",
    name: "Sparse Upcycling, vision",
    idea: "Expert choice over copies of one network; a token's weights are made to sum to 1, so " +
      "that the model begins as the dense one was.",
    select: { kind: "expert-choice", capacity: 2 },
    weigh: overChosen,
  },
  {
    ...upcycling,
    id: "sparse-upcycling-encoder",
    name: "Sparse Upcycling, T5 encoder",
    idea: "Expert choice over copies of one network, weights as they are.",
    select: { kind: "expert-choice", capacity: 2 },
  },
  {
    ...upcycling,
    id: "sparse-upcycling-decoder",
    name: "Sparse Upcycling, T5 decoder",
    idea: "The best two of copies of one network: where tokens come one by one, they choose.",
    select: { kind: "top-k", k: 2 },
    cap: room(2),
    balance: [auxiliary],
    causal: true,
    nearest: undefined,
    unverified: { balance: "0.01 times the auxiliary loss", "cap.order": "tokens in order" },
  },
  {
    ...depth,
    id: "mixture-of-depths",
    name: "Mixture of Depths",
    idea: "A layer takes its best tokens of each sequence; the others pass it by.",
    select: { kind: "depth", capacity: 0.125, predicted: false },
    causal: false,
    nearest: "mixture-of-depths-predicted",
    unverified: depthUnverified,
  },
  {
    ...depth,
    id: "mixture-of-depths-predicted",
    name: "Mixture of Depths, predicted",
    idea:
      "As mixture of depths in training; in use a token tells by itself whether it would have " +
      "been taken.",
    select: { kind: "depth", capacity: 0.125, predicted: true },
    causal: true,
    unverified: { ...depthUnverified, "select.predicted": "the prediction's loss counts 0.01" },
  },
];
