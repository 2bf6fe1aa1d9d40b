/**
 * Gates that are trained and choose experts for tokens: those that changed what is scored, how, and
 * what the scores are trained for. Survey, arXiv 2407.06204, section 4.1.1.
 *
 * @module
 */
import type { GateRecipe } from "../recipe.ts";
import { auxiliary, linear, overAll, overChosen, room } from "./parts.ts";

/** Trained gates with scores of another kind. */
export const tokenChoiceScoreRecipes: readonly GateRecipe[] = [
  {
    ...{ id: "sentence-level", name: "Sentence-level MoE", arxiv: "2110.03742", section: "4.1.1" },
    idea: "The mean of a sequence is routed, once for all of its tokens.",
    score: { kind: "linear", of: "sequence" },
    ...{ select: { kind: "top-k", k: 2 }, weigh: overChosen, balance: [auxiliary] },
    ...{ causal: false, nearest: "task-level-moe" },
    unverified: { "select.k": "2", "balance": "0.01 times the auxiliary loss" },
  },
  {
    ...{ id: "nllb", name: "NLLB", arxiv: "2207.04672", section: "4.1.1" },
    idea: "Trained gates beat experts that are fixed by language.",
    ...{ score: linear, select: { kind: "top-k", k: 2 }, weigh: overChosen },
    ...{ cap: room(2), balance: [auxiliary], causal: true },
    unverified: {
      "select.k": "2",
      "weigh": "a softmax over the chosen",
      "cap.factor": "2",
      "balance": "0.01 times the auxiliary loss",
    },
  },
  {
    ...{ id: "task-level-moe", name: "Task-level MoE", arxiv: "2205.12701", section: "4.1.1" },
    idea: "A trained vector of the task is routed.",
    score: { kind: "linear", of: "tag" },
    ...{ select: { kind: "top-k", k: 2 }, weigh: overChosen, balance: [], causal: true },
    unverified: { "select.k": "2", "balance": "no loss" },
  },
  {
    ...{ id: "uni-perceiver-moe", name: "Uni-Perceiver-MoE", arxiv: "2206.04674" },
    section: "4.1.1",
    idea: "Attributes of a token that are known beforehand are routed instead of its state.",
    score: { kind: "linear", of: "attributes", noise: { kind: "normal", deviation: "1/E" } },
    ...{ select: { kind: "top-k", k: 2 }, weigh: overAll, balance: [auxiliary], causal: true },
    unverified: {
      "select.k": "2",
      "score.of": "eight bits of the tag, embedded",
      "score.noise": "normal, with a deviation of 1/E",
      "balance": "0.01 times the auxiliary loss",
    },
  },
  {
    ...{ id: "x-moe-softmax", name: "X-MoE, softmax", arxiv: "2204.09179", section: "4.1.1" },
    idea: "Cosines in few dimensions, so that tokens do not collapse onto their experts' vectors.",
    score: { kind: "cosine", width: "E/2", temperature: 0.3, learned: true },
    ...{ select: { kind: "top-k", k: 1 }, weigh: overAll },
    balance: [{ kind: "x-moe", weight: 0.01, temperature: 0.3, scores: "softmax" }],
    causal: true,
    unverified: {
      "select.k": "1",
      "score.temperature": "the trained one starts at 0.3, as the loss has it",
      "balance.x-moe.weight": "0.01",
    },
  },
  {
    ...{ id: "x-moe-sigmoid", name: "X-MoE, sigmoid", arxiv: "2204.09179", section: "4.1.1" },
    idea: "Cosines in few dimensions; the weight is the sigmoid of the best.",
    score: { kind: "cosine", width: "E/2", temperature: 0.07, learned: true },
    select: { kind: "top-k", k: 1 },
    weigh: { kind: "sigmoid", normalised: false },
    balance: [{ kind: "x-moe", weight: 0.01, temperature: 0.07, scores: "sigmoid" }],
    causal: true,
    unverified: {
      "select.k": "1",
      "score.temperature": "the trained one starts at 0.07, as the loss has it",
      "balance.x-moe.weight": "0.01",
    },
  },
  {
    ...{ id: "flextron", name: "FLEXTRON", arxiv: "2406.10260", section: "4.1.1" },
    idea: "A model of the loss is trained beside, and the router learns through it.",
    score: { kind: "mlp", hidden: 32, activation: "gelu" },
    ...{ select: { kind: "top-k", k: 2 }, weigh: overChosen, balance: [], causal: true },
    training: { kind: "surrogate", width: 32, share: 0.5 },
    unverified: {
      "score": "two layers with 32 hidden units",
      "select.k": "2",
      "training.width": "32",
      "training.share": "the last half of the training",
    },
  },
  {
    ...{ id: "skywork-moe", name: "Skywork-MoE", arxiv: "2406.06563", section: "4.1.1" },
    idea: "Logits of one size make sharper choices; the loss grows in layers that drop more.",
    score: { kind: "linear", bias: true, normalise: { lambda: 1 } },
    ...{ select: { kind: "top-k", k: 2 }, weigh: overAll, cap: room(1.25) },
    balance: [{ kind: "adaptive", slope: 0.2, most: 0.01, keep: 0.99 }],
    causal: true,
    unverified: { "cap.factor": "1.25", "weigh": "a softmax over all experts" },
  },
  {
    ...{ id: "yuan-2.0-m32", name: "Yuan 2.0-M32", arxiv: "2405.17976", section: "4.1.1" },
    idea: "Attention between the experts of a token: their scores know of each other.",
    ...{ score: { kind: "attention" }, select: { kind: "top-k", k: 2 }, weigh: overAll },
    ...{ balance: [auxiliary], causal: true },
    unverified: { "balance": "0.01 times the auxiliary loss" },
  },
  {
    ...{ id: "adamoe", name: "AdaMoE", arxiv: "2406.13233", section: "4.1.1" },
    idea: "Some experts do nothing, so that each token uses as many real ones as it needs.",
    ...{ score: linear, select: { kind: "top-k", k: 3 }, weigh: overChosen },
    zeroExperts: { null: 2 },
    balance: [{ kind: "null-aware", weight: 0.01 }],
    causal: true,
    unverified: {
      "select.k": "3",
      "zeroExperts.null": "2",
      "balance.null-aware.weight": "0.01",
    },
  },
  {
    ...{ id: "dynmoe", name: "DYNMoE", arxiv: "2405.14297", section: "4.1.1" },
    idea: "Every expert above its own trained threshold; experts come and go.",
    score: { kind: "cosine", width: "D", temperature: 1, learned: true },
    select: { kind: "top-any" },
    weigh: { kind: "straight-through", averaged: true },
    balance: [
      { kind: "diversity", weight: 0.01 },
      { kind: "simplicity", weight: 0.01 },
      { kind: "efficiency", weight: 0.01 },
      auxiliary,
    ],
    causal: true,
    training: { kind: "grow", every: 100, share: 0.25 },
    unverified: {
      "score.temperature": "the trained one starts at 1",
      "balance": "0.01 for each of the losses",
      "training.every": "100 steps",
      "training.share": "a quarter, so that short trainings have reviews too",
    },
  },
  {
    ...{ id: "scmoe-self-contrast", name: "SCMoE (self-contrast)", arxiv: "2405.14507" },
    section: "4.1.1",
    idea: "In use what the best experts say is held against what a weaker one says.",
    ...{ score: linear, select: { kind: "top-k", k: 2 }, weigh: overChosen },
    ...{ balance: [auxiliary], causal: true },
    decoding: { kind: "contrast", alpha: 0.1, beta: 0.5, rank: 3 },
    unverified: { "decoding.rank": "3, the best that was not chosen" },
  },
  {
    ...{ id: "stable-moe", name: "StableMoE", arxiv: "2204.08396", section: "4.1.1" },
    idea:
      "A light router learns where each word goes, then is frozen: experts stop changing hands.",
    ...{ score: linear, select: { kind: "light", width: 50 } },
    weigh: { kind: "sigmoid", normalised: false },
    balance: [{ kind: "stable", weight: 0.3 }],
    ...{ training: { kind: "stages", share: 0.1 }, causal: true },
    unverified: { "balance": "a mean over the tokens, where the work has a sum, with its 0.3" },
  },
  {
    ...{ id: "mod-squad", name: "Mod-Squad", arxiv: "2212.08066", section: "4.1.1" },
    idea: "Experts and tasks are made to know much of each other.",
    ...{ score: linear, select: { kind: "top-k", k: 2 }, weigh: overAll },
    balance: [{ kind: "mutual-information", weight: 0.001, of: "tags" }],
    causal: true,
    unverified: {
      "select.k": "2",
      "weigh": "a softmax over all experts",
      "balance": "each task counts alike",
    },
  },
  {
    ...{ id: "moduleformer", name: "ModuleFormer", arxiv: "2306.04640", section: "4.1.1" },
    idea: "Experts and tokens are made to know much of each other.",
    score: { kind: "mlp", hidden: 256, activation: "gelu" },
    ...{ select: { kind: "top-k", k: 2 }, weigh: overAll },
    balance: [{ kind: "mutual-information", weight: 0.001, of: "tokens" }],
    causal: true,
    unverified: { "select.k": "2", "weigh": "a softmax over all experts" },
  },
  {
    ...{ id: "ds-moe", name: "DS-MoE", arxiv: "2404.05567", section: "4.1.1" },
    idea: "A dense training's gate, used sparsely.",
    ...{ score: linear, select: { kind: "top-k", k: 2 }, weigh: overAll },
    balance: [{ kind: "mutual-information", weight: 0.001, of: "tokens" }],
    causal: true,
    unverified: { "select.k": "2", "weigh": "a softmax over all experts" },
  },
  {
    ...{ id: "mmoe", name: "MMoE", arxiv: null, section: "4.1.1" },
    idea: "All tasks share the experts; each has a gate of its own.",
    ...{ score: { kind: "by-tag" }, select: { kind: "all" }, weigh: overAll },
    ...{ balance: [], causal: true },
  },
  {
    ...{ id: "smoe-dropout", name: "SMoE-Dropout", arxiv: "2303.01610", section: "4.4.1" },
    idea: "The router is random and never trained, so it cannot collapse.",
    ...{ score: { kind: "fixed" }, select: { kind: "top-k", k: 2 }, weigh: overAll },
    ...{ balance: [], causal: true },
    unverified: { "select.k": "2; it grows in the course of the training" },
  },
];
