/**
 * Gates that choose nothing and mix: tokens (survey, arXiv 2407.06204, section 4.1.3, token merging)
 * or parameters (expert merging). Everything has a gradient, and no expert can starve.
 *
 * @module
 */
import type { GateRecipe } from "../recipe.ts";
import { linear, overAll } from "./parts.ts";

const slots = {
  section: "4.1.3",
  score: { kind: "none" },
  select: { kind: "slots", perExpert: 1, normalised: true },
  weigh: { kind: "chosen" },
  balance: [],
  causal: false,
  nearest: "mixture-of-tokens",
} as const;

const merged = {
  section: "4.1.3",
  score: linear,
  weigh: { kind: "chosen" },
  balance: [],
} as const;

const ofSequence = {
  ...merged,
  score: { kind: "linear", of: "sequence" },
  causal: false,
  nearest: "lory-even-start",
} as const;

/** Low-rank experts are linear: their merged parameters give the weighted sum of what they give. */
const perToken = {
  ...merged,
  select: { kind: "all" },
  weigh: overAll,
  causal: true,
} as const;

const lory = { ...merged, arxiv: "2405.03133" } as const;

/** Soft gates. */
export const softRecipes: readonly GateRecipe[] = [
  {
    ...slots,
    id: "soft-moe",
    name: "Soft MoE",
    arxiv: "2308.00951",
    idea:
      "Experts read slots, each a weighted mean of all tokens of a sequence; each token gets a " +
      "weighted mean of all slots.",
    unverified: { "select.perExpert": "1 slot an expert" },
  },
  {
    ...slots,
    id: "homoe",
    name: "HOMOE",
    arxiv: "2311.14747",
    idea: "Soft MoE over what a Hopfield network recalls, for combinations never seen.",
    select: { kind: "slots", perExpert: 2, normalised: true },
    unverified: { "select.perExpert": "2 slots an expert", select: "the gate of Soft MoE alone" },
  },
  {
    ...merged,
    id: "mixture-of-tokens",
    name: "Mixture of Tokens",
    arxiv: "2310.15961",
    section: "4.5",
    idea: "Tokens of several sequences at one position are mixed into one for each expert, and " +
      "share what it makes of it; no token sees a later one.",
    select: { kind: "across", group: 4, temperature: 1 },
    causal: true,
    unverified: { "select.group": "4 sequences", "select.temperature": "1" },
  },
  {
    ...ofSequence,
    id: "smear",
    name: "SMEAR",
    arxiv: "2306.03745",
    idea: "The experts' parameters are averaged by the gate's weights for each sequence; one " +
      "network runs.",
    select: { kind: "merge", over: "sequence", causal: false },
    unverified: { "score.of": "the mean token of a sequence" },
  },
  {
    ...ofSequence,
    id: "meo",
    name: "MEO",
    arxiv: "2310.09832",
    idea: "The experts a sequence chose are merged into one before it runs.",
    select: { kind: "merge", over: "sequence", k: 2, causal: false },
    unverified: { "select.k": "2", weigh: "a softmax over the chosen" },
  },
  {
    ...lory,
    id: "lory",
    name: "Lory",
    idea: "Each segment is merged by what the segment before it says; the first by its own mean, " +
      "through which no gradient goes, and so it sees its own later tokens.",
    select: { kind: "merge", over: "segment", length: 256, causal: true, first: "own" },
    causal: false,
    nearest: "lory-even-start",
  },
  {
    ...lory,
    id: "lory-even-start",
    name: "Lory, even start",
    idea: "As Lory, but the first segment merges all experts evenly: no token sees a later one.",
    select: { kind: "merge", over: "segment", length: 256, causal: true, first: "even" },
    causal: true,
    unverified: { "select.first": "even; the work takes the segment's own mean" },
  },
  {
    ...perToken,
    id: "mov",
    name: "MoV",
    arxiv: "2309.05444",
    idea: "Vectors that scale keys, values and hidden numbers are the experts, merged softly for " +
      "each token.",
    unverified: { weigh: "a softmax over all experts" },
  },
  {
    ...perToken,
    id: "molora",
    name: "MoLoRA",
    arxiv: "2309.05444",
    idea: "Low-rank matrices are the experts, merged softly for each token.",
    unverified: { weigh: "a softmax over all experts" },
  },
  {
    ...perToken,
    id: "smola",
    name: "SMoLA",
    arxiv: "2312.00968",
    idea: "A soft mixture of low-rank experts beside a large model that stays as it is.",
    unverified: { weigh: "a softmax over all experts" },
  },
  {
    ...merged,
    id: "omni-smola",
    name: "Omni-SMoLA",
    arxiv: "2312.00968",
    idea:
      "Three sets of low-rank experts: for text, for images, and for both; a token has the set " +
      "of its kind and that for both.",
    select: { kind: "kinds", kinds: 2 },
    causal: true,
    unverified: { weigh: "a softmax in each set" },
  },
];
