/**
 * Gates without parameters: survey, arXiv 2407.06204, section 4.1.1, non-trainable token choice.
 *
 * @module
 */
import type { GateRecipe } from "../recipe.ts";

/** What all of them share: nothing is scored, nothing is balanced. */
const fixed = {
  section: "4.1.1",
  score: { kind: "none" },
  weigh: { kind: "equal" },
  balance: [],
  causal: true,
} as const;

const hash = { ...fixed, arxiv: "2106.04426" } as const;

/** Fixed gates. */
export const fixedRecipes: readonly GateRecipe[] = [
  {
    ...hash,
    id: "hash",
    name: "Hash Layer, random",
    idea: "A random hash of the token id names the expert, the same for good.",
    select: { kind: "hash", of: "token", hashes: 1 },
  },
  {
    ...hash,
    id: "hash-balanced",
    name: "Hash Layer, balanced",
    idea: "Ids are dealt out by how often they occur, so that all experts get about the same.",
    select: { kind: "hash", of: "balanced", hashes: 1 },
    unverified: {
      "select.frequencies": "all alike unless a run counts them; the work counts its training text",
    },
  },
  {
    ...hash,
    id: "hash-bigram",
    name: "Hash Layer, bigram",
    idea: "The token and the one before it are hashed together.",
    select: { kind: "hash", of: "bigram", hashes: 1 },
    unverified: { "select.of": "that the hash is of this token and the one before" },
  },
  {
    ...hash,
    id: "hash-before",
    name: "Hash Layer, previous token",
    idea: "The token before is hashed instead of the token itself.",
    select: { kind: "hash", of: "before", hashes: 1 },
    unverified: { "select.of": "that the hash is of the token before alone" },
  },
  {
    ...hash,
    id: "hash-position",
    name: "Hash Layer, position",
    idea: "The place in the sequence is hashed; what the token says does not matter.",
    select: { kind: "hash", of: "position", hashes: 1 },
    unverified: { "select.of": "that the hash is of the position alone" },
  },
  {
    ...hash,
    id: "hash-clustered",
    name: "Hash Layer, clustered",
    idea: "Ids whose embeddings lie near each other share an expert.",
    select: { kind: "hash", of: "clustered", hashes: 1 },
    unverified: {
      "select.of": "k-means on embeddings drawn at random; the work takes those of a trained model",
    },
  },
  {
    ...hash,
    id: "hash-dispersed",
    name: "Hash Layer, dispersed",
    idea: "Ids whose embeddings lie near each other are dealt out over all experts.",
    select: { kind: "hash", of: "dispersed", hashes: 1 },
    unverified: {
      "select.of": "k-means on embeddings drawn at random; the work takes those of a trained model",
    },
  },
  {
    ...hash,
    id: "multi-hash",
    name: "Hash Layer, MultiHash",
    idea: "Each of several hashes picks a version of one segment of the network; segments add up.",
    select: { kind: "hash", of: "token", hashes: 2 },
    scale: 2,
    unverified: { "select.hashes": "2", scale: "segments are added, each with weight 1" },
  },
  {
    ...fixed,
    id: "thor",
    name: "THOR",
    arxiv: "2110.04260",
    idea: "Chance picks the expert, in training and in use; two passes are to predict the same.",
    select: { kind: "random", k: 1 },
    training: { kind: "consistency", weight: 1 },
    decoding: { kind: "ensemble" },
    unverified: {
      "select.k": "1 in each of two passes: two random experts an input, one a prediction",
      "training.weight": "1",
      decoding: "an ensemble; drawing one is the other way",
    },
  },
  {
    ...fixed,
    id: "demix",
    name: "DEMix",
    arxiv: "2108.05036",
    idea: "One expert a domain; in use they are mixed by how well each foretold the text so far.",
    select: { kind: "tag" },
    decoding: { kind: "posterior", prior: "uniform", keep: 0.3 },
    unverified: {
      "decoding.prior": "uniform: the sequences of a batch say nothing of each other",
      "decoding.keep": "0.3, for a prior that is updated",
    },
  },
  {
    ...fixed,
    id: "task-moe",
    name: "Task-MoE",
    arxiv: "2110.03742",
    idea:
      "A tag known beforehand, such as the target language, names the expert; a model for one " +
      "task can be taken out.",
    select: { kind: "tag" },
  },
  {
    ...fixed,
    id: "m2m-100",
    name: "M2M-100",
    arxiv: "2010.11125",
    idea: "Layers of their own for each language, chosen by the language.",
    select: { kind: "tag" },
  },
  {
    ...fixed,
    id: "pangu-sigma",
    name: "PanGu-Sigma",
    arxiv: "2303.10845",
    idea:
      "The domain names a group of experts, a fixed random map of token ids one of the group; " +
      "each layer has a map of its own.",
    select: { kind: "tag-then-hash", groups: 4 },
    unverified: { "select.groups": "4, for a small model" },
  },
];
