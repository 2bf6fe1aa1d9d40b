/**
 * Gates that are trained and send each token to a few experts: survey, arXiv 2407.06204, section
 * 4.1.1, those that began it. Coefficients of losses are those of the survey's table 1.
 *
 * @module
 */
import type { GateRecipe } from "../recipe.ts";
import { auxiliary, linear, overAll, overChosen, room, routerZ } from "./parts.ts";

/** The first trained gates that choose experts for tokens. */
export const tokenChoiceRecipes: readonly GateRecipe[] = [
  {
    ...{ id: "noisy-top-k", name: "Shazeer et al.", arxiv: "1701.06538", section: "4.1.1" },
    idea: "The k best of logits with learned noise; losses on importance and load share the work.",
    score: { kind: "linear", init: "zeros", noise: { kind: "learned" } },
    select: { kind: "top-k", k: 2 },
    weigh: overChosen,
    balance: [
      { kind: "importance", weight: 0.1 },
      { kind: "load", weight: 0.1, rival: "others" },
    ],
    causal: true,
    unverified: {
      "select.k": "2; the survey says more than 1",
      "score.noise": "normal, times the softplus of a linear map",
      "score.init": "zeros",
      "balance.load.rival": "the k-th best of the other experts",
    },
  },
  {
    ...{ id: "hierarchical", name: "Shazeer et al., two levels", arxiv: "1701.06538" },
    section: "4.1.1",
    idea: "A gate over groups, and in each of the best groups a gate over its experts.",
    score: { kind: "linear", init: "zeros", noise: { kind: "learned" } },
    select: { kind: "hierarchical", groups: 4, k: 2 },
    weigh: { kind: "chosen" },
    balance: [{ kind: "importance", weight: 0.1 }],
    causal: true,
    unverified: {
      "select.groups": "4",
      "select.k": "2 groups, and 2 experts in each",
      "score.noise": "normal, times the softplus of a linear map, on both levels",
      "score.init": "zeros",
      "balance": "importance alone; the estimator of load is one for a single level",
    },
  },
  {
    ...{ id: "gshard", name: "GShard", arxiv: "2006.16668", section: "4.1.1" },
    idea: "The best expert, and a second one with a probability of twice its weight.",
    ...{ score: linear, select: { kind: "random-second" }, weigh: overChosen },
    cap: { kind: "factor", factor: 1.2, evaluation: 2.4, order: "sequence", group: "sequence" },
    ...{ balance: [auxiliary], causal: true },
    unverified: {
      "weigh": "the two weights are divided by their sum",
      "cap.group": "a sequence",
    },
  },
  {
    ...{ id: "switch", name: "Switch Transformer", arxiv: "2101.03961", section: "4.1.1" },
    idea: "One expert a token is enough.",
    score: { kind: "linear", noise: { kind: "jitter", width: 0.01 } },
    ...{ select: { kind: "top-k", k: 1 }, weigh: overAll, cap: room(1.25) },
    ...{ balance: [auxiliary], causal: true },
    unverified: { "score.noise.width": "0.01", "cap.factor": "1.25; 1 to 2 were tried" },
  },
  {
    ...{ id: "glam", name: "GLaM", arxiv: "2112.06905", section: "4.1.1" },
    idea: "Two experts a token in a large language model.",
    ...{ score: linear, select: { kind: "top-k", k: 2 }, weigh: overChosen, cap: room(1.25) },
    ...{ balance: [auxiliary], causal: true },
    unverified: { "cap.factor": "1.25", "weigh": "a softmax over the chosen" },
  },
  {
    ...{ id: "s-base", name: "S-BASE", arxiv: "2202.01169", section: "4.1.1" },
    idea:
      "In training the best of a transport plan that gives all experts the same number of tokens.",
    score: linear,
    select: { kind: "sinkhorn", k: 1, iterations: 20, temperature: 1 },
    ...{ weigh: overAll, balance: [], causal: true },
    unverified: {
      "select.iterations": "20",
      "select.temperature": "1",
      "weigh": "the expert's softmax",
    },
  },
  {
    ...{ id: "rl-r", name: "RL-R", arxiv: "2202.01169", section: "4.1.1" },
    idea: "The expert is drawn; the router learns by reinforcement from the loss of the token.",
    ...{ score: linear, select: { kind: "sample", k: 1 }, weigh: overAll },
    ...{ balance: [auxiliary], causal: true },
    training: { kind: "reinforce", baseline: 0.9 },
    unverified: {
      "training.baseline": "a running mean of the loss that keeps 0.9 of itself",
      "balance": "0.01 times the auxiliary loss",
    },
  },
  {
    ...{ id: "st-moe", name: "ST-MoE", arxiv: "2202.08906", section: "4.1.1" },
    idea: "A loss on the size of logits keeps large models stable.",
    ...{ score: linear, select: { kind: "top-k", k: 2 }, weigh: overChosen },
    cap: { kind: "factor", factor: 1.25, evaluation: 2, order: "sequence" },
    ...{ balance: [auxiliary, routerZ], causal: true },
    unverified: {
      "cap.factor": "1.25",
      "cap.evaluation": "2",
      "weigh": "a softmax over the chosen",
    },
  },
  {
    ...{ id: "m6-t", name: "M6-T", arxiv: "2105.15082", section: "4.1.1" },
    idea: "Experts in groups, the best of each: as good as the k best of all, in less time.",
    ...{ score: linear, select: { kind: "prototypes", k: 2 }, weigh: { kind: "chosen" } },
    ...{ cap: room(1.25), balance: [], causal: true },
    unverified: { "select.k": "2; 4 did best with many experts", "cap.factor": "1.25" },
  },
  {
    ...{ id: "v-moe", name: "V-MoE", arxiv: "2106.05974", section: "4.1.1" },
    idea: "Where experts are full, the tokens that their router is surest of come first.",
    score: { kind: "linear", noise: { kind: "normal", deviation: "1/E" } },
    ...{ select: { kind: "top-k", k: 2 }, weigh: overAll, cap: room(1.05, "priority") },
    balance: [
      { kind: "importance", weight: 0.1, of: "scores" },
      { kind: "load", weight: 0.1, rival: "all" },
    ],
    causal: true,
    unverified: { "select.k": "2", "cap.factor": "1.05", "weigh": "a softmax over all experts" },
  },
  {
    ...{ id: "z-code-m3", name: "Z-code M3", arxiv: "2109.10465", section: "4.1.1" },
    idea: "Where experts are full, tokens are dropped by chance, not because they come late.",
    ...{ score: linear, select: { kind: "top-k", k: 1 }, weigh: overAll },
    ...{ cap: room(1.25, "random"), balance: [auxiliary], causal: true },
    unverified: {
      "select.k": "1",
      "cap.factor": "1.25",
      "balance": "0.01 times the auxiliary loss",
    },
  },
  {
    ...{ id: "openmoe", name: "OpenMoE", arxiv: "2402.01739", section: "4.1.1" },
    idea: "Two experts a token and a shared one; late tokens of a sequence are dropped more often.",
    ...{ score: linear, select: { kind: "top-k", k: 2 }, weigh: overAll },
    cap: { kind: "factor", factor: 1.25, order: "sequence", group: "sequence" },
    ...{ balance: [auxiliary, routerZ], shared: 1, causal: true },
    unverified: { "cap.factor": "1.25", "cap.group": "a sequence" },
  },
  {
    ...{ id: "base", name: "BASE Layer", arxiv: "2103.16716", section: "4.1.1" },
    idea: "In training tokens are assigned so that all experts get the same number of them.",
    ...{ score: linear, select: { kind: "assignment" } },
    weigh: { kind: "sigmoid", normalised: false },
    ...{ balance: [], causal: true },
    unverified: { "weigh": "the sigmoid of the expert's score", "balance": "no loss" },
  },
  {
    ...{ id: "dselect-k", name: "DSelect-k", arxiv: "2106.03760", section: "4.1.1" },
    idea:
      "Binary codes of experts through a smooth step: a choice of k with a gradient everywhere.",
    score: { kind: "none" },
    select: { kind: "dselect", k: 2, gamma: 1 },
    weigh: { kind: "chosen" },
    balance: [{ kind: "entropy", weight: 0.01 }],
    causal: true,
    unverified: {
      "select.k": "2",
      "select.gamma": "1",
      "balance.entropy": "0.01 times the entropy of each token's weights",
    },
  },
];
