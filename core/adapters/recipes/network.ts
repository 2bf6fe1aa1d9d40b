/**
 * Experts in the network: survey, arXiv 2407.06204, section 4.3.1, equation (12).
 *
 * @module
 */
import type { AdapterRecipe } from "../specs.ts";
import { bottleneck, EXPERTS, lora, ofAttention, ofNetwork, sizes } from "./parts.ts";

const inNetwork = { section: "4.3.1", placement: "ffn" } as const;
const experts = { name: "experts", adapter: lora, sites: ofNetwork, experts: EXPERTS } as const;

/** See the module. */
export const networkRecipes: readonly AdapterRecipe[] = [
  {
    ...{ ...inNetwork, id: "loramoe", name: "LoRAMoE", arxiv: "2312.09979" },
    idea:
      "Every product of the network has low-rank experts in two groups; each kind of text is to " +
      "use its own group more.",
    parts: [{ ...experts, gate: "loramoe", gates: "site", tags: "kind" }],
    unverified: { ...sizes, "parts.gate": "0.01 times the localised loss, with a delta of 0.1" },
  },
  {
    ...{ ...inNetwork, id: "adamix", name: "AdaMix", arxiv: "2205.12410" },
    idea:
      "Chance picks what leads into a bottleneck behind the network, and what leads out; in use " +
      "their parameters are averaged, at the cost of one.",
    parts: [{
      ...{ name: "experts", adapter: bottleneck, sites: ["after"], experts: EXPERTS },
      gate: "chance",
    }],
    loss: { kind: "consistency", weight: 1 },
    unverified: { ...sizes, loss: "1 times the divergence of two passes" },
  },
  {
    ...{ ...inNetwork, id: "mixda", name: "MixDA", arxiv: "2306.05406" },
    idea:
      "Bottlenecks beside the network are trained on one domain each; then a gate mixes them, and " +
      "one more behind the network learns the task.",
    parts: [
      {
        ...{ name: "domains", adapter: bottleneck, sites: ["ffn"], experts: "tags" },
        ...{ gate: "mixda", given: true },
      },
      { name: "task", adapter: bottleneck, sites: ["after"], experts: 1 },
    ],
    unverified: { ...sizes, "parts.gate": "a softmax over all domains" },
  },
  {
    ...{ ...inNetwork, id: "mixlora", name: "MixLoRA", arxiv: "2404.15159" },
    idea: "Each expert is the base's own network with low-rank matrices in its products; their " +
      "outputs are mixed, as those of a mixture of networks.",
    parts: [
      { ...experts, gate: "mixlora", weighs: "networks" },
      { name: "attention", adapter: lora, sites: ofAttention, experts: 1 },
    ],
    unverified: {
      ...sizes,
      "parts.gate": "the best 2, and 0.01 times the auxiliary loss",
      "parts.attention": "low-rank matrices in attention too",
    },
  },
  {
    ...{ ...inNetwork, id: "llava-mole", name: "LLaVA-MoLE", arxiv: "2401.16160" },
    idea: "One low-rank expert a token, in all products of the network at once.",
    parts: [{ ...experts, gate: "llava-mole" }],
    unverified: { ...sizes, "parts.gate": "a softmax over all, 0.01 times the auxiliary loss" },
  },
];
