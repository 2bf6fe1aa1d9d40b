/**
 * The shared vocabulary: an operator, its dimensions and its data type.
 *
 * Kernels run ops, `core/` lowers models to ops, `sim/` prices ops, and experiments hold the two
 * prices against each other. Letters: T tokens, E experts, K experts a token, D model width,
 * F expert width; `m`, `n`, `k` are the rows, columns and inner size of a matrix product.
 *
 * @module
 */

/** Storage types, by name. */
export type DType = "f32" | "bf16" | "f16" | "fp8" | "fp4" | "i32";

/** Bytes of one element. */
export const dtypeBytes: Readonly<Record<DType, number>> = {
  f32: 4,
  i32: 4,
  bf16: 2,
  f16: 2,
  fp8: 1,
  fp4: 0.5,
};

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

/** Tokens, experts and experts a token. */
export interface RoutingDims {
  /** Tokens. */
  t: number;
  /** Experts. */
  e: number;
  /** Experts a token. */
  k: number;
}

/** Dimensions by kind of operator. */
export interface OpDims {
  /** C = A B. */
  gemm: MatrixDims;
  /** C = silu(A Wgate) * (A Wup): `n` output columns from `2n` weight columns. */
  gemm_swiglu: MatrixDims;
  /** C = A W[expert of the row], rows sorted by expert. */
  grouped_gemm: GroupedDims;
  /** As `gemm_swiglu`, with the weights of the row's expert and the rows gathered by index. */
  grouped_gemm_swiglu: GroupedDims;
  /** Softmax over E logits and the K largest of them, for T tokens. */
  router: RoutingDims;
  /** Counts, offsets, ranks and the tile map of T tokens' K choices. */
  group_tokens: RoutingDims;
  /** y[t] = sum over K of w[t, k] * rows[position of (t, k)], D wide, plus `extra` added tensors. */
  combine: { t: number; k: number; d: number };
  /** Causal attention core of one sequence batch: scores, softmax and values. */
  attention: {
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
  };
  /** RMSNorm or LayerNorm of T rows, D wide. */
  norm: { t: number; d: number };
  /** A pointwise pass over `n` elements that reads `reads` tensors and writes one. */
  elementwise: { n: number; reads: number };
}

/** The kinds of operators. */
export type OpKind = keyof OpDims;

/** One operator call. */
export interface Op<K extends OpKind = OpKind> {
  /** Which operator. */
  kind: K;
  /** Its dimensions. */
  dims: OpDims[K];
  /** Storage type of its tensors. */
  dtype: DType;
  /** What it does in the model, such as "expert up": a label, never read by prices. */
  name?: string;
  /** Rows of each group, for grouped kinds with uneven groups; they sum to `dims.m`. */
  rows?: readonly number[];
}

/** An op of some kind, with its dimensions typed by that kind. */
export type AnyOp = { [K in OpKind]: Op<K> }[OpKind];

/** Makes an op, so that its dimensions are checked against its kind. */
export function op<K extends OpKind>(
  kind: K,
  dims: OpDims[K],
  options: { dtype?: DType; name?: string; rows?: readonly number[] } = {},
): AnyOp {
  return { kind, dims, dtype: "f32", ...options } as unknown as AnyOp;
}

const matmul = (d: MatrixDims) => 2 * d.m * d.n * d.k;

const flopsOf: { [K in OpKind]: (d: OpDims[K]) => number } = {
  gemm: matmul,
  gemm_swiglu: (d) => 2 * matmul(d),
  grouped_gemm: matmul,
  grouped_gemm_swiglu: (d) => 2 * matmul(d),
  router: (d) => 4 * d.t * d.e + d.t * d.e * d.k,
  group_tokens: (d) => 2 * d.t * d.k,
  combine: (d) => 2 * d.t * d.k * d.d,
  attention: (d) => d.t * d.s * d.heads * (d.dqk + d.dv),
  norm: (d) => 4 * d.t * d.d,
  elementwise: (d) => d.n * d.reads,
};

/**
 * FLOP of an op. A multiply-add is two; matrix products count the products alone (no activation);
 * attention counts the causal half; the padding of tiles is never counted.
 *
 * @example
 * ```ts
 * import { flops, op } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(flops(op("gemm", { m: 2, n: 3, k: 4 })), 48);
 * ```
 */
export function flops(op: AnyOp): number {
  return (flopsOf[op.kind] as (d: unknown) => number)(op.dims);
}

/** Elements moved at the least: every input read once, every output written once. */
const elementsOf: { [K in OpKind]: (d: OpDims[K], op: AnyOp) => number } = {
  gemm: (d) => d.m * d.k + d.k * d.n + d.m * d.n,
  gemm_swiglu: (d) => d.m * d.k + 2 * d.k * d.n + d.m * d.n,
  grouped_gemm: (d, op) => d.m * d.k + usedGroups(d, op) * d.k * d.n + d.m * d.n,
  grouped_gemm_swiglu: (d, op) => d.m * d.k + usedGroups(d, op) * 2 * d.k * d.n + d.m * d.n,
  router: (d) => d.t * (d.e + 2 * d.k),
  group_tokens: (d) => 4 * d.t * d.k + 2 * d.e,
  combine: (d) => d.t * d.k * (d.d + 2) + d.t * d.d,
  attention: (d) => d.t * d.heads * (2 * d.dqk + 2 * d.dv),
  norm: (d) => 2 * d.t * d.d,
  elementwise: (d) => d.n * (d.reads + 1),
};

/** Groups that have rows: the weights of an expert without tokens are not read. */
function usedGroups(d: GroupedDims, op: AnyOp): number {
  return op.rows ? op.rows.filter((r) => r > 0).length : Math.min(d.groups, d.m);
}

/**
 * Bytes that an op has to move at the least: inputs read once, outputs written once.
 *
 * @example
 * ```ts
 * import { bytes, op } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(bytes(op("gemm", { m: 2, n: 3, k: 4 })), 4 * (8 + 12 + 6));
 * ```
 */
export function bytes(op: AnyOp): number {
  const elements = elementsOf[op.kind] as (d: unknown, op: AnyOp) => number;
  return elements(op.dims, op) * dtypeBytes[op.dtype];
}
