/**
 * Gates that came after the survey (arXiv 2407.06204), or that it names outside of its section on
 * gates.
 *
 * @module
 */
import type { GateRecipe } from "../recipe.ts";
import { auxiliary, linear, overAll, overChosen } from "./parts.ts";

const sigmoid = {
  section: "later",
  score: linear,
  weigh: { kind: "sigmoid", normalised: true },
  causal: true,
} as const;

const softmax = {
  section: "later",
  score: linear,
  select: { kind: "top-k", k: 2 },
  weigh: overChosen,
  balance: [auxiliary],
  causal: true,
} as const;

/** Gates that became standard since: balance without a loss, experts of several kinds. */
export const laterRecipes: readonly GateRecipe[] = [
  {
    ...sigmoid,
    id: "sigmoid",
    name: "Sigmoid gating",
    arxiv: null,
    idea: "Each expert is scored alone, by a sigmoid; the chosen are made to sum to 1.",
    select: { kind: "top-k", k: 2 },
    balance: [auxiliary],
    unverified: { balance: "0.01 times the auxiliary loss" },
  },
  {
    ...sigmoid,
    id: "loss-free",
    name: "Loss-free balancing",
    arxiv: "2408.15664",
    idea: "No loss: experts with too little to do get a bias that counts for the choice alone.",
    select: { kind: "top-k", k: 2, bias: true },
    balance: [{ kind: "bias", rate: 0.001 }],
    unverified: { "balance.bias.rate": "0.001" },
  },
  {
    ...sigmoid,
    id: "deepseek-v3",
    name: "DeepSeek-V3",
    arxiv: "2412.19437",
    idea: "Loss-free balance, experts on few nodes, and a small loss within each sequence.",
    select: { kind: "limited", k: 2, groups: 4, chosen: 2, by: "top2", bias: true },
    balance: [{ kind: "bias", rate: 0.001 }, { kind: "sequence-wise", weight: 1e-4 }],
    scale: 2.5,
    shared: 1,
    unverified: {
      "select.k": "2 experts on 2 of 4 nodes, for a small model; the work: 8 on at most 4",
      "balance.bias.rate": "0.001",
      "balance.sequence-wise.weight": "1e-4",
      scale: "2.5",
    },
  },
  {
    ...softmax,
    id: "remoe",
    name: "ReMoE",
    arxiv: "2412.14711",
    idea: "Every expert whose ReLU is open, with its value as weight; a penalty that grows and " +
      "shrinks keeps as many open as are wanted.",
    select: { kind: "above-zero" },
    weigh: { kind: "relu" },
    balance: [{ kind: "relu-l1", start: 1e-8, factor: 1.2, k: 2 }],
    unverified: { "balance.relu-l1.k": "2 experts a token" },
  },
  {
    ...softmax,
    id: "moe-plus-plus",
    name: "MoE++",
    arxiv: "2410.07348",
    idea:
      "Some experts do nothing, copy, or give a constant, and cost nothing; the gate sees the " +
      "logits of the layer before.",
    score: { kind: "linear", residual: true },
    cap: { kind: "two-kinds", factor: 1.1, share: 0.75 },
    balance: [{ kind: "two-kinds", weight: 0.01, share: 0.75 }],
    zeroExperts: { null: 1, copy: 1, constant: 2 },
    unverified: { zeroExperts: "1 zero, 1 copy, 2 constant experts, for a small model" },
  },
  {
    ...softmax,
    id: "longcat",
    name: "LongCat-Flash",
    arxiv: "2509.01322",
    idea: "Experts that copy beside true ones; a bias keeps how many true ones a token has on " +
      "average.",
    select: { kind: "top-k", k: 3, bias: true },
    weigh: overAll,
    balance: [{ kind: "bias", rate: 0.01, by: "share", zeroShare: 1 / 3 }],
    zeroExperts: { copy: 4 },
    unverified: {
      "select.k": "3, for a small model",
      "balance.bias.rate": "0.01",
      "balance.bias.zeroShare": "a third of the choices",
      zeroExperts: "4, for a small model",
    },
  },
  {
    ...softmax,
    id: "global-batch",
    name: "Global-batch balance",
    arxiv: "2501.11873",
    idea:
      "Loads are counted over the whole batch and not in each sequence: experts may specialise.",
    balance: [{ kind: "balance", weight: 0.01, of: "all", over: "batch" }],
    unverified: {
      balance: "0.01 times the auxiliary loss",
      "balance.balance.of": "all chosen experts count",
    },
  },
  {
    ...softmax,
    id: "sequence-balance",
    name: "Balance in each sequence",
    arxiv: "2501.11873",
    idea: "The control of global-batch balance: loads are counted in each sequence.",
    balance: [{ kind: "balance", weight: 0.01, of: "all", over: "sequence" }],
    unverified: {
      balance: "0.01 times the auxiliary loss",
      "balance.balance.of": "all chosen experts count",
    },
  },
  {
    ...softmax,
    id: "megablocks",
    name: "MegaBlocks, dropless",
    arxiv: "2211.15841",
    section: "5.1",
    idea: "No capacity: products over blocks take what each expert got, and no token is dropped.",
    select: { kind: "top-k", k: 1 },
    weigh: overAll,
    unverified: { "select.k": "1", balance: "0.01 times the auxiliary loss" },
  },
  {
    ...softmax,
    id: "moh",
    name: "MoH",
    arxiv: "2410.11842",
    idea: "Heads of attention are the experts: some are always on, the rest compete.",
    shared: 2,
    unverified: {
      "select.k": "2",
      shared: "2 heads that are always on",
      weigh: "a softmax over the chosen",
      balance: "0.01 times the auxiliary loss",
    },
  },
  {
    ...softmax,
    id: "peer",
    name: "PEER",
    arxiv: "2407.04153",
    section: "4.2.2",
    idea:
      "A great many experts of one neuron: sums of two halves' similarities find the best ones.",
    score: { kind: "product-key", width: 16, heads: 2 },
    select: { kind: "product-key", k: 2 },
    weigh: { kind: "chosen" },
    balance: [],
    unverified: { "score.width": "16", "score.heads": "2", "select.k": "2 for each head" },
  },
  {
    ...softmax,
    id: "smop",
    name: "SMoP",
    arxiv: null,
    section: "4.5",
    idea: "Short soft prompts are the experts; the mean of the input picks one.",
    score: { kind: "linear", of: "sequence", noise: { kind: "normal", deviation: "1/E" } },
    select: { kind: "top-k", k: 1 },
    weigh: overAll,
    causal: false,
    nearest: "bam-ffn",
    unverified: {
      "score.of": "the mean token of a sequence",
      "score.noise": "normal, 1/E",
      balance: "0.01 times the auxiliary loss",
    },
  },
];
