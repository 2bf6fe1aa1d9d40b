/**
 * Gates of models whose weights are public: survey, arXiv 2407.06204, sections 4.1.1 and 4.2 and
 * tables 1 to 3. Many differ in one field; how many experts they have is a size of the model.
 *
 * @module
 */
import type { GateRecipe } from "../recipe.ts";
import { auxiliary, linear, overAll, overChosen, room, routerZ } from "./parts.ts";

/** The gate of most of them: two experts, no token dropped. */
const topTwo = {
  section: "4.1.1",
  score: linear,
  select: { kind: "top-k", k: 2 },
  weigh: overChosen,
  balance: [auxiliary],
  causal: true,
} as const;

/** Gates of models. */
export const tokenChoiceModelRecipes: readonly GateRecipe[] = [
  {
    ...topTwo,
    ...{ id: "mixtral", name: "Mixtral", arxiv: "2401.04088" },
    idea: "Two experts in every layer, weighed by a softmax over the two.",
    unverified: { "weigh": "a softmax over the chosen", "cap": "no token is dropped" },
  },
  {
    ...topTwo,
    ...{ id: "jamba", name: "Jamba", arxiv: "2403.19887" },
    idea: "Two experts in every other layer, among layers of attention and of state spaces.",
    weigh: overAll,
    unverified: { "weigh": "a softmax over all experts", "cap": "no token is dropped" },
  },
  {
    ...topTwo,
    ...{ id: "dbrx", name: "DBRX", arxiv: null, section: "4.2.2" },
    idea: "Four smaller experts instead of two.",
    select: { kind: "top-k", k: 4 },
    unverified: { "select.k": "4", "weigh": "a softmax over the chosen" },
  },
  {
    ...topTwo,
    ...{ id: "grok-1", name: "Grok-1", arxiv: null, section: "3" },
    idea: "Two experts, weighed by their share of a softmax over all.",
    weigh: overAll,
    unverified: {
      "select.k": "2",
      "weigh": "a softmax over all experts",
      "balance": "0.01 times the auxiliary loss",
    },
  },
  {
    ...topTwo,
    ...{ id: "llama-moe", name: "LLaMA-MoE", arxiv: null, section: "4.4.1" },
    idea:
      "A dense network is cut into experts; four small ones do better than two twice their size.",
    select: { kind: "top-k", k: 4 },
    unverified: {
      "weigh": "a softmax over the chosen",
      "balance": "0.01 times the auxiliary loss",
    },
  },
  {
    ...topTwo,
    ...{ id: "moe-llava", name: "MoE-LLaVA", arxiv: "2401.15947", section: "4.4.1" },
    idea: "Two experts a token of text or image, after a training without experts.",
    ...{ weigh: overAll, cap: room(1.5) },
    unverified: {
      "weigh": "a softmax over all experts",
      "cap.factor": "1.5",
      "balance": "0.01 times the auxiliary loss",
    },
  },
  {
    ...topTwo,
    ...{ id: "deepspeed-moe", name: "DeepSpeed-MoE, residual", arxiv: "2201.05596" },
    ...{ section: "4.2.4", shared: 1, select: { kind: "top-k", k: 1 }, weigh: overAll },
    idea:
      "One expert corrects a network that all tokens pass: two experts at the cost of sending one.",
    cap: room(1.25),
    unverified: {
      "weigh": "a softmax over all experts",
      "cap.factor": "1.25",
      "balance": "0.01 times the auxiliary loss",
    },
  },
  {
    ...topTwo,
    ...{ id: "arctic", name: "Arctic", arxiv: null, section: "4.2.4", shared: 1 },
    idea: "Two small experts beside a dense network.",
    unverified: {
      "weigh": "a softmax over the chosen",
      "balance": "0.01 times the auxiliary loss",
    },
  },
  {
    ...topTwo,
    ...{ id: "deepseek-moe", name: "DeepSeekMoE", arxiv: "2401.06066", section: "4.2.2" },
    idea: "Many small experts, and shared ones for what all tokens need.",
    ...{ select: { kind: "top-k", k: 4 }, weigh: overAll, shared: 1 },
    balance: [{ kind: "balance", weight: 0.01, of: "all" }],
    unverified: {
      "select.k": "4, for models with few experts",
      "weigh": "a softmax over all experts",
      "shared": "1",
      "balance.balance.of": "all choices are counted",
    },
  },
  {
    ...topTwo,
    ...{ id: "deepseek-v2", name: "DeepSeek-V2", arxiv: "2405.04434", section: "later" },
    idea: "Experts of few devices; each device drops what it wants least, some sequences nothing.",
    select: { kind: "limited", k: 3, groups: 4, chosen: 2, by: "max" },
    ...{ weigh: overAll, shared: 2, cap: { kind: "device", devices: 4, factor: 1, kept: 0.1 } },
    balance: [
      { kind: "balance", weight: 0.003, of: "all" },
      { kind: "device", weight: 0.05, devices: 4 },
      { kind: "communication", weight: 0.02, devices: 4, chosen: 2 },
    ],
    unverified: {
      "select.k": "3, for models with few experts",
      "select.groups": "4 devices, of which 2 are chosen",
      "weigh": "a softmax over all experts",
      "balance": "0.003 by expert, 0.05 by device, 0.02 by communication",
    },
  },
  {
    ...topTwo,
    ...{ id: "qwen1.5-moe", name: "Qwen1.5-MoE", arxiv: null, section: "4.2.4" },
    idea: "Four small experts, and four shared ones.",
    ...{ select: { kind: "top-k", k: 4 }, weigh: overAll, shared: 4 },
    unverified: {
      "weigh": "a softmax over all experts",
      "balance": "0.01 times the auxiliary loss",
    },
  },
  {
    ...topTwo,
    ...{ id: "moa", name: "MoA", arxiv: "2210.05144", section: "4.2.1" },
    idea: "The gate of attention experts: one choice of pairs of projections for a token.",
    balance: [auxiliary, routerZ],
    unverified: { "select.k": "2", "weigh": "a softmax over the chosen" },
  },
  {
    ...topTwo,
    ...{ id: "jetmoe", name: "JetMoE", arxiv: "2404.07413" },
    idea: "Experts in attention and in networks; no token is dropped.",
    balance: [auxiliary, routerZ],
    unverified: { "select.k": "2", "weigh": "a softmax over the chosen" },
  },
  {
    ...topTwo,
    ...{ id: "olmoe", name: "OLMoE", arxiv: "2409.02060", section: "later" },
    idea: "Many small experts without a shared one; no token is dropped.",
    ...{ select: { kind: "top-k", k: 4 }, weigh: overAll, balance: [auxiliary, routerZ] },
    unverified: {
      "select.k": "4, for models with few experts",
      "weigh": "a softmax over all experts",
      "balance": "0.01 times the auxiliary loss and 0.001 times the z-loss",
    },
  },
];
