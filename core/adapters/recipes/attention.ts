/**
 * Experts in attention: survey, arXiv 2407.06204, section 4.3.2, equation (14).
 *
 * @module
 */
import type { AdapterRecipe } from "../specs.ts";
import { EXPERTS, lora, ofAttention, sizes } from "./parts.ts";

const inAttention = { section: "4.3.2", placement: "attention" } as const;
const experts = { name: "experts", adapter: lora, experts: EXPERTS } as const;

/** See the module. */
export const attentionRecipes: readonly AdapterRecipe[] = [
  {
    ...{ ...inAttention, id: "moelora", name: "MoELoRA", arxiv: "2402.12851" },
    idea:
      "The best low-rank experts of queries and of values, each with a gate of its own; a loss " +
      "pushes apart what experts give.",
    parts: [{ ...experts, sites: ["q", "v"], gate: "moelora", gates: "site" }],
    loss: { kind: "contrast", weight: 0.01, temperature: 0.1 },
    unverified: {
      ...sizes,
      "parts.gate": "the best 2",
      loss: "0.01 times a contrast of mean outputs of sequences, at a temperature of 0.1",
    },
  },
  {
    ...{ ...inAttention, id: "mocle", name: "MoCLE", arxiv: "2312.12379" },
    idea: "The cluster of a text picks one expert of queries and values; one more is on for all.",
    parts: [{
      ...{ ...experts, sites: ["q", "v"], gate: "mocle", tags: "cluster", universal: true },
    }],
    unverified: {
      ...sizes,
      "parts.gate": "a softmax over all; the one for all counts what is left of 1",
      "parts.tags": "clusters by frequencies of tokens, since the base has no instructions",
    },
  },
  {
    ...{ ...inAttention, id: "sira", name: "SiRA", arxiv: "2311.09179" },
    idea: "The best low-rank experts with limited room; in training chance takes some away.",
    parts: [{ ...experts, sites: ofAttention, gate: "sira", gates: "site", dropout: 0.1 }],
    unverified: {
      ...sizes,
      "parts.gate": "the best 2, room of 1.25, 0.01 times the auxiliary loss",
      "parts.dropout": "0.1, of the weights of those chosen",
      "parts.sites": "all products of attention",
    },
  },
];
