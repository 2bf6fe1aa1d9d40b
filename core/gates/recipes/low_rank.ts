/**
 * Gates over experts of few parameters (low-rank matrices, adapters) beside a model that stays as it
 * is: survey, arXiv 2407.06204, section 4.3. What differs from gates over networks is mostly what
 * they read, a task or a cluster, and that softness is cheap.
 *
 * @module
 */
import type { GateRecipe } from "../recipe.ts";
import { auxiliary, linear, overAll, overChosen, room } from "./parts.ts";

const best = { score: linear, weigh: overChosen, balance: [], causal: true } as const;

const soft = { ...best, select: { kind: "all" }, weigh: overAll } as const;

/** Gates over low-rank experts. */
export const lowRankRecipes: readonly GateRecipe[] = [
  {
    ...best,
    ...{ id: "adamix", name: "AdaMix", arxiv: "2205.12410", section: "4.3.1" },
    idea: "Chance picks an adapter in training; in use the adapters are averaged into one.",
    ...{ score: { kind: "none" }, select: { kind: "random", k: 1 }, weigh: { kind: "equal" } },
    training: { kind: "consistency", weight: 1 },
    decoding: { kind: "ensemble" },
    unverified: {
      "training": "two passes are to predict the same, with a weight of 1",
      "decoding": "predictions are averaged; the work averages the adapters' parameters",
    },
  },
  {
    ...soft,
    ...{ id: "mixda", name: "MixDA", arxiv: "2306.05406", section: "4.3.1" },
    idea: "Adapters of domains stand beside the network; a gate that is trained later mixes them.",
    unverified: { "weigh": "a softmax over all" },
  },
  {
    ...best,
    ...{ id: "llava-mole", name: "LLaVA-MoLE", arxiv: "2401.16160", section: "4.3.1" },
    idea: "One low-rank expert a token in the networks of a model of text and images.",
    ...{ select: { kind: "top-k", k: 1 }, weigh: overAll, balance: [auxiliary] },
    unverified: { "weigh": "a softmax over all", "balance": "0.01 times the auxiliary loss" },
  },
  {
    ...best,
    ...{ id: "mixlora", name: "MixLoRA", arxiv: "2404.15159", section: "4.3.1" },
    idea: "Low-rank experts share the one network that they change.",
    ...{ select: { kind: "top-k", k: 2 }, balance: [auxiliary] },
    unverified: { "select.k": "2", "balance": "0.01 times the auxiliary loss" },
  },
  {
    ...best,
    ...{ id: "moelora", name: "MoELoRA", arxiv: "2402.12851", section: "4.3.2" },
    idea: "The best low-rank experts of queries and values; what experts give is pushed apart.",
    select: { kind: "top-k", k: 2 },
    unverified: { "select.k": "2", "balance": "the contrastive loss is on outputs, not on gates" },
  },
  {
    ...best,
    ...{ id: "mocle", name: "MoCLE", arxiv: "2312.12379", section: "4.3.2" },
    idea: "The cluster of an instruction picks a task's expert; one for all is always on.",
    score: { kind: "linear", of: "tag" },
    ...{ select: { kind: "top-k", k: 1 }, weigh: overAll, shared: 1 },
    unverified: { "weigh": "a softmax over all", "score.of": "the cluster as a tag, embedded" },
  },
  {
    ...best,
    ...{ id: "sira", name: "SiRA", arxiv: "2311.09179", section: "4.3.2" },
    idea: "The best low-rank experts with limited room and a loss on balance.",
    ...{ select: { kind: "top-k", k: 2 }, cap: room(1.25), balance: [auxiliary] },
    unverified: {
      "select.k": "2",
      "cap.factor": "1.25",
      "balance": "0.01 times the auxiliary loss",
    },
  },
  {
    ...soft,
    ...{ id: "unipelt", name: "UniPELT", arxiv: null, section: "4.3.3" },
    idea: "Each method of tuning has a gate of its own, and they do not compete.",
    weigh: { kind: "sigmoid", normalised: false },
    unverified: { "weigh": "the sigmoid of a linear map" },
  },
  {
    ...best,
    ...{ id: "mola", name: "MoLA", arxiv: "2402.08562", section: "4.3.3" },
    idea: "Higher layers have more low-rank experts; each token has two.",
    select: { kind: "top-k", k: 2 },
    unverified: { "select.k": "2" },
  },
  {
    ...soft,
    ...{ id: "moelora-tasks", name: "MOELoRA", arxiv: "2310.18339", section: "4.3.3" },
    idea: "The task weighs the experts, so that they can be merged once for each task.",
    score: { kind: "linear", of: "tag" },
    unverified: { "weigh": "a softmax over all" },
  },
  {
    ...soft,
    ...{ id: "mor1e", name: "Intuition-MoR1E", arxiv: "2404.08985", section: "4.3.3" },
    idea: "Experts of rank one, weighed with a hint from the cluster of the instance.",
    score: { kind: "by-tag" },
    unverified: { "score": "a gate for each cluster", "weigh": "a softmax over all" },
  },
  {
    ...best,
    ...{ id: "meteora", name: "MeteoRA", arxiv: "2405.13053", section: "4.3.3" },
    idea: "Low-rank experts that many tasks left behind, under one trained gate.",
    select: { kind: "top-k", k: 2 },
    unverified: { "select.k": "2", "weigh": "a softmax over the chosen" },
  },
];
