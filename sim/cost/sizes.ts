/**
 * The sizes of a model that its training costs follow from, in a flat record of numbers.
 *
 * @module
 */

/** Sizes of a decoder; counts are of the whole model, before any plan splits it. */
export interface Sizes {
  /** Name for messages. */
  name: string;
  /** Transformer layers, without those that predict further tokens. */
  layers: number;
  /** Model width. */
  dModel: number;
  /** Rows of the vocabulary, padding included. */
  vocab: number;
  /** Whether the output layer reuses the input table. */
  tied: boolean;
  /** Self-attention. */
  attention: AttentionSizes;
  /** Hidden width of a dense feed-forward network, 0 where every layer has experts. */
  ffnWidth: number;
  /** Matrices of a feed-forward network or expert: 3 where gated, else 2. */
  ffnMatrices: 2 | 3;
  /** Experts, where there are any. */
  moe?: MoeSizes;
  /** Multi-token-prediction modules, each one layer and a 2D-to-D product (arXiv 2412.19437). */
  mtpLayers: number;
  /** Whether positions are a learned table of `sequence` rows. */
  learnedPositions: boolean;
  /** Whether attention and network read one norm and are added together (GPT-J, PaLM, BAM). */
  parallel?: boolean;
  /** Norms of a layer, and whether each has a bias. */
  norms: { perLayer: number; bias: boolean };
}

/** Sizes of the attention of a layer. */
export interface AttentionSizes {
  /** Query heads, those of all attention experts together. */
  heads: number;
  /** Key and value heads (as many as `heads` in latent attention). */
  kvHeads: number;
  /** Width of a head's query and key, rotary part included. */
  qkDim: number;
  /** Width of a head's value. */
  vDim: number;
  /** Latent attention: ranks of the compressions and width of the rotary part. */
  latent?: { qRank: number; kvRank: number; ropeDim: number };
  /** Sliding window: keys that a query sees, and one layer in `every` that sees all of them. */
  window?: { size: number; every: number };
  /** Whether a gate as wide as the output is projected beside the queries. */
  outputGate?: boolean;
  /** Attention experts that the heads belong to, behind a router (BAM, arXiv 2408.08274). */
  experts?: number;
  /** Linear attention or state-space mixers: one layer in `every` keeps softmax attention. */
  linear?: LinearSizes;
}

/** Sizes of layers whose mixers keep a state. */
export interface LinearSizes {
  /** One layer in so many keeps softmax attention. */
  every: number;
  /** Heads, each with a state. */
  heads: number;
  /** Width of a key, the rows of a state. */
  stateDim: number;
  /** Width of a value, the columns of a state. */
  headDim: number;
  /** Columns of the projections into such a layer. */
  inWidth: number;
  /** Rows of the projection out of it. */
  outWidth: number;
}

/** Columns of the projections into an average layer's attention, and rows of the one out of it. */
export function projectionWidths(a: AttentionSizes): { inWidth: number; outWidth: number } {
  const out = a.heads * a.vDim;
  const gate = a.outputGate ? out : 0;
  const into = a.heads * a.qkDim + a.kvHeads * (a.qkDim + a.vDim) + gate;
  if (!a.linear) return { inWidth: into, outWidth: out };
  const { every, inWidth, outWidth } = a.linear;
  const share = 1 / every;
  return {
    inWidth: share * into + (1 - share) * inWidth,
    outWidth: share * out + (1 - share) * outWidth,
  };
}

/** Sizes of the experts. */
export interface MoeSizes {
  /** Routed experts of a layer. */
  experts: number;
  /** Experts that a token uses. */
  topK: number;
  /** Hidden width of an expert. */
  width: number;
  /** Hidden width of the shared experts together, 0 without. */
  sharedWidth: number;
  /** Dense layers at the start. */
  firstDense: number;
  /** One layer in so many has experts, after the dense ones. */
  every: number;
  /** Slots beyond one for each expert, which hold further replicas; none unless given. */
  redundant?: number;
  /**
   * Routing that confines a token to the experts of `chosen` of `groups` equal groups, which lie on
   * domains of their own (node-limited routing, arXiv 2412.19437, section 2.1.2).
   */
  domainLimit?: { groups: number; chosen: number };
}
