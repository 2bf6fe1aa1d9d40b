/**
 * Softmax attention: its kinds and their sizes.
 *
 * @module
 */

/** Layers whose queries see a window of keys, as in gpt-oss (arXiv 2508.10925). */
export interface WindowSpec {
  /** Keys that a query sees, its own among them. */
  size: number;
  /** One layer in so many sees all keys. */
  fullEvery: number;
  /** Which of them does, from 0. */
  fullOffset: number;
}

/** What the attention kinds with plain heads have in common. */
export interface AttentionHeads {
  /** Query heads. */
  heads: number;
  /** Width of a head. */
  headDim: number;
  /** Whether the query, key and value projections have biases. */
  qkvBias: boolean;
  /** Whether the output projection has a bias. */
  outBias: boolean;
  /** Norm of queries and keys: none, one weight per head channel, or over all heads together. */
  qkNorm: "none" | "head" | "width";
  /** Whether a gate as wide as the queries scales the output, projected beside them (Qwen3-Next). */
  outputGate: boolean;
  /** Whether each head has a learned logit that takes part in its softmax (gpt-oss). */
  sinks: boolean;
}

/** Multi-head attention: as many key and value heads as query heads. */
export interface MhaAttention extends AttentionHeads {
  /** Discriminator. */
  kind: "mha";
  /** Window of most layers; all keys are seen where it is left out. */
  window?: WindowSpec;
}

/** Grouped-query attention: query heads share `kvHeads` key and value heads. */
export interface GqaAttention extends AttentionHeads {
  /** Discriminator. */
  kind: "gqa";
  /** Key and value heads; 1 is multi-query attention. */
  kvHeads: number;
  /** Window of most layers; all keys are seen where it is left out. */
  window?: WindowSpec;
}

/** Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434). */
export interface MlaAttention {
  /** Discriminator. */
  kind: "mla";
  /** Query heads. */
  heads: number;
  /** Rank of the query's compression, 0 where queries are projected directly. */
  qRank: number;
  /** Rank of the joint compression of keys and values. */
  kvRank: number;
  /** Width of a head's query and key without position. */
  nopeDim: number;
  /** Width of a head's query and of the one shared key with rotary position. */
  ropeDim: number;
  /** Width of a head's value. */
  valueDim: number;
}

/** Attention experts (BAM, arXiv 2408.08274): softly routed, every token goes to all of them. */
export interface ExpertAttention extends AttentionHeads {
  /** Discriminator. */
  kind: "experts";
  /** Number of attention experts. */
  experts: number;
  /** Whether each expert has its own keys and values, or all share one set. */
  kv: "expert" | "shared";
  /** Key and value heads of one expert. */
  kvHeads: number;
  /** Where a token goes to its best alone (BAM, section 4.4); to all, softly, where absent. */
  routing?: ExpertRouting;
}

/** How a token goes to its best attention experts. */
export interface ExpertRouting {
  /** How many. */
  topK: number;
  /** Weights by a softmax over all experts, or over the chosen: these sum to 1. */
  over: "all" | "chosen";
}

/** The self-attention of a layer. */
export type AttentionSpec = MhaAttention | GqaAttention | MlaAttention | ExpertAttention;
