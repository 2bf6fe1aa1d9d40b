/**
 * The dimensions of each kind of operator.
 *
 * Letters: T tokens, E experts, K experts a token, D model width, F expert width, V vocabulary;
 * `m`, `n`, `k` are the rows, columns and inner size of a matrix product.
 *
 * @module
 */

/** Rows, columns and inner size of a matrix product C[m, n] = A[m, k] B[k, n]. */
export interface MatrixDims {
  /** Rows of the output. */
  m: number;
  /** Columns of the output. */
  n: number;
  /** Inner size. */
  k: number;
}

/** A matrix product for each of `groups` experts; `m` rows in all. */
export interface GroupedDims extends MatrixDims {
  /** Number of experts whose weights are at hand. */
  groups: number;
}

/** A gradient of a product whose weights have planes, such as gate and up of a gated one. */
export interface Planes {
  /** How many; 1 where absent. */
  planes?: number;
}

/** Tokens, experts and experts a token. */
export interface RoutingDims {
  /** Tokens. */
  t: number;
  /** Experts. */
  e: number;
  /** Experts a token. */
  k: number;
}

/** The core of attention over one batch of sequences. */
export interface AttentionCoreDims {
  /** Tokens in the batch. */
  t: number;
  /** Sequence length that a token attends over (before the causal half). */
  s: number;
  /** Query heads. */
  heads: number;
  /** Query and key width of a head. */
  dqk: number;
  /** Value width of a head. */
  dv: number;
}

/** An activation [m, n] of a feed-forward network. */
export interface ActivationDims {
  /** Rows. */
  m: number;
  /** Columns of the result. */
  n: number;
  /** Planes of what goes in: 2 where gated, else 1. */
  planes: number;
}

/** A table of V rows, D wide, and T tokens. */
export interface EmbeddingDims {
  /** Tokens. */
  t: number;
  /** Width of a row. */
  d: number;
  /** Rows of the table. */
  v: number;
}

/** Dimensions by kind of operator. */
export interface OpDims {
  /** C = A B. */
  gemm: MatrixDims;
  /** C = A B^T, B stored as [n, k]: the gradient of a product's input. Planes are summed over. */
  gemm_nt: MatrixDims & Planes;
  /** C = A^T B, A stored as [k, m]: the gradient of a product's weights. C has planes of n columns. */
  gemm_tn: MatrixDims & Planes;
  /** C = silu(A Wgate) * (A Wup): `n` output columns from `2n` weight columns. */
  gemm_swiglu: MatrixDims;
  /** As `gemm_swiglu`; both sums are stored too, for the gradient. */
  gemm_swiglu_kept: MatrixDims;
  /** C = A W[expert of the row], rows sorted by expert. */
  grouped_gemm: GroupedDims;
  /** As `gemm_nt`, with the weights of the row's expert. */
  grouped_gemm_nt: GroupedDims & Planes;
  /** As `gemm_tn` for each expert: its `k` are the rows in all, and every expert has a result. */
  grouped_gemm_tn: GroupedDims & Planes;
  /** As `gemm_swiglu`, with the weights of the row's expert and the rows gathered by index. */
  grouped_gemm_swiglu: GroupedDims;
  /** As `grouped_gemm_swiglu`; both sums are stored too, for the gradient. */
  grouped_gemm_swiglu_kept: GroupedDims;
  /** An activation by itself. */
  activation: ActivationDims;
  /** The gradient of an activation that is made again beside it, for the gradient of what follows. */
  activation_backward: ActivationDims;
  /** As `activation_backward` of experts, with the gradient of each row's routing weight. */
  expert_backward: ActivationDims;
  /** Softmax over E logits and the K largest of them, for T tokens. */
  router: RoutingDims;
  /** The gradient of the logits from that of the K weights. */
  router_backward: RoutingDims;
  /** Counts, offsets, ranks and the tile map of T tokens' K choices. */
  group_tokens: RoutingDims;
  /** y[t] = sum over K of w[t, k] * rows[position of (t, k)], D wide, plus `extra` added tensors. */
  combine: { t: number; k: number; d: number };
  /** Causal attention core of one sequence batch: scores, softmax and values. */
  attention: AttentionCoreDims;
  /** The gradients of queries, keys and values; the scores are made again. */
  attention_backward: AttentionCoreDims;
  /** RMSNorm or LayerNorm of T rows, D wide. */
  norm: { t: number; d: number };
  /** The gradients of rows and factors; `adds` other gradients of the rows are added. */
  norm_backward: { t: number; d: number; adds: number };
  /** Rotary positions of queries and keys of `n` elements in all, or their gradient. */
  rope: { n: number };
  /** A row of the table for each token. */
  embedding: EmbeddingDims;
  /** The gradient of the table, dense, or added to another one where `adds` is 1. */
  embedding_backward: EmbeddingDims & { adds: number };
  /** Log-sum-exp and loss of T rows of V logits. */
  cross_entropy: { t: number; v: number };
  /** The gradient of the logits, in their place. */
  cross_entropy_backward: { t: number; v: number };
  /** A pointwise pass over `n` elements that reads `reads` tensors and writes one. */
  elementwise: { n: number; reads: number };
  /** The sum of the squares of `n` elements of `tensors` tensors, one where absent. */
  reduce: { n: number; tensors?: number };
  /** An AdamW step of `n` parameters, their moments in f32. */
  adamw: { n: number };
}

/** The kinds of operators. */
export type OpKind = keyof OpDims;
