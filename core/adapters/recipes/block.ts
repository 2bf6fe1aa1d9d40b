/**
 * Experts in attention and network, with gates of their own: survey, arXiv 2407.06204, section 4.3.3,
 * equations (15) and (16). And beside whole layers: section 4.3.4, equation (17).
 *
 * @module
 */
import type { AdapterPart, AdapterRecipe } from "../specs.ts";
import { bottleneck, EXPERTS, lora, ofBlock, sizes } from "./parts.ts";

const inBlock = { section: "4.3.3", placement: "block" } as const;
const part = { name: "experts", adapter: lora, sites: ofBlock, experts: EXPERTS } as const;
const own = { experts: 1, gate: "unipelt" } as const;

/** UniPELT's methods. */
const methods: readonly AdapterPart[] = [
  { ...own, name: "lora", adapter: lora, sites: ["q", "k"] },
  { ...own, name: "prefix", adapter: { kind: "prefix", length: 8 }, sites: ["prefix"] },
  { ...own, name: "bottleneck", adapter: bottleneck, sites: ["after"] },
];

/** Experts in attention and network. */
export const blockRecipes: readonly AdapterRecipe[] = [
  {
    ...{ ...inBlock, id: "mov", name: "MoV", arxiv: "2309.05444" },
    idea:
      "Vectors that scale keys, values and hidden numbers are the experts, merged for each token.",
    parts: [{
      ...{ name: "experts", adapter: { kind: "ia3" }, sites: ["k", "v", "hidden"], experts: 10 },
      ...{ gate: "mov", gates: "site" },
    }],
    unverified: { "parts.gate": "a softmax over all", "parts.experts": "sized to the budget" },
  },
  {
    ...{ ...inBlock, id: "molora", name: "MoLoRA", arxiv: "2309.05444" },
    idea: "Low-rank matrices are the experts, merged for each token.",
    parts: [{ ...part, gate: "molora", gates: "site" }],
    unverified: { ...sizes, "parts.gate": "a softmax over all", "parts.sites": "all products" },
  },
  {
    ...{ ...inBlock, id: "unipelt", name: "UniPELT", arxiv: null },
    idea:
      "Low-rank matrices, a prefix and a bottleneck, each with a gate of its own; they do not " +
      "compete.",
    parts: methods,
    unverified: {
      "parts.adapter": "sized to the budget",
      "parts.gate": "the sigmoid of a linear map, for each token",
    },
  },
  {
    ...{ ...inBlock, id: "omni-smola", name: "Omni-SMoLA", arxiv: "2312.00968" },
    idea: "Three sets of low-rank experts, for each of two kinds of text and for both.",
    parts: [{ ...part, experts: 6, gate: "omni-smola", tags: "kind" }],
    unverified: {
      ...sizes,
      "parts.experts": "2 in each set",
      "parts.gate": "a softmax in each set; kinds of domains stand for texts and images",
    },
  },
  {
    ...{ ...inBlock, id: "mola", name: "MoLA", arxiv: "2402.08562" },
    idea: "Higher layers have more low-rank experts than lower ones.",
    parts: [{ ...part, experts: [2, 4, 6, 8], gate: "mola", gates: "site" }],
    unverified: {
      ...sizes,
      "parts.experts": "2, 4, 6 and 8, from the first quarter of the layers to the last",
      "parts.gate": "the best 2",
      "parts.sites": "all products",
    },
  },
  {
    ...{ ...inBlock, id: "moelora-tasks", name: "MOELoRA", arxiv: "2310.18339" },
    idea: "The task alone weighs the experts: for each task they can be merged into the base.",
    parts: [{ ...part, gate: "moelora-tasks" }],
    unverified: { ...sizes, "parts.gate": "a softmax over all", "parts.sites": "all products" },
  },
  {
    ...{ ...inBlock, id: "mor1e", name: "Intuition-MoR1E", arxiv: "2404.08985" },
    idea: "An expert is any row with any column, of rank one; the cluster of a text gives a hint.",
    parts: [{
      ...{ name: "experts", adapter: { kind: "rank-one", inward: 4, outward: 4 }, experts: 1 },
      ...{ sites: ["q", "k", "v", "gate", "up", "down"], gate: "mor1e", tags: "cluster" },
    }],
    unverified: {
      "parts.adapter": "about as many vectors in as out, sized to the budget",
      "parts.gate": "a gate for each cluster, a softmax over all pairs",
      "parts.tags": "clusters by frequencies of tokens",
    },
  },
  {
    ...{ ...inBlock, id: "meteora", name: "MeteoRA", arxiv: "2405.13053" },
    idea: "Low-rank experts that tasks left behind in all products; a gate learns to pick them.",
    parts: [{ ...part, experts: "tags", gate: "meteora", gates: "site", given: true }],
    unverified: { "parts.adapter": "sized to the budget", "parts.gate": "the best 2" },
  },
];

/** Experts beside whole layers. */
export const layerRecipes: readonly AdapterRecipe[] = [
  {
    ...{ section: "4.3.4", placement: "layer", id: "mole", name: "MoLE", arxiv: null },
    idea: "Trained low-rank experts stay as they are; a gate in each layer learns to compose them.",
    parts: [{
      ...{ name: "experts", adapter: lora, sites: ["layer"], experts: "tags" },
      ...{ gate: "mole", given: true },
    }],
    unverified: {
      "parts.adapter": "sized to the budget",
      "parts.gate": "0.01 times the variation of mean weights; the work balances by entropy",
    },
  },
];
