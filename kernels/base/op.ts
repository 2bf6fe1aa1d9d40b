/**
 * The shared vocabulary: an operator, its dimensions and its data type.
 *
 * Kernels run ops, `core/` lowers models to ops, `sim/` prices ops, and experiments hold the two
 * prices against each other. What the dimensions mean stands in `op_dims.ts`.
 *
 * @module
 */
import type { ActivationDims, GroupedDims, MatrixDims, OpDims, OpKind, Planes } from "./op_dims.ts";

export type * from "./op_dims.ts";

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
  /**
   * Rows of each group, for grouped kinds with uneven groups. They sum to `dims.m`, or, for the
   * gradient of weights, which adds over the rows, to `dims.k`.
   */
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

/** The kinds that are matrix products with weights. */
export const productKinds: readonly OpKind[] = [
  "gemm",
  "gemm_nt",
  "gemm_tn",
  "gemm_swiglu",
  "gemm_swiglu_kept",
  "grouped_gemm",
  "grouped_gemm_nt",
  "grouped_gemm_tn",
  "grouped_gemm_swiglu",
  "grouped_gemm_swiglu_kept",
];

const matmul = (d: MatrixDims & Planes) => 2 * d.m * d.n * d.k * (d.planes ?? 1);
const activated = (d: ActivationDims) => d.m * d.n;

const flopsOf: { [K in OpKind]: (d: OpDims[K]) => number } = {
  gemm: matmul,
  gemm_nt: matmul,
  gemm_tn: matmul,
  gemm_swiglu: (d) => 2 * matmul(d),
  gemm_swiglu_kept: (d) => 2 * matmul(d),
  grouped_gemm: matmul,
  grouped_gemm_nt: matmul,
  grouped_gemm_tn: matmul,
  grouped_gemm_swiglu: (d) => 2 * matmul(d),
  grouped_gemm_swiglu_kept: (d) => 2 * matmul(d),
  activation: (d) => activated(d) * d.planes,
  activation_backward: (d) => 4 * activated(d) * d.planes,
  expert_backward: (d) => 4 * activated(d) * d.planes,
  router: (d) => 4 * d.t * d.e + d.t * d.e * d.k,
  router_backward: (d) => 4 * d.t * d.e + 4 * d.t * d.k,
  group_tokens: (d) => 2 * d.t * d.k,
  combine: (d) => 2 * d.t * d.k * d.d,
  attention: (d) => d.t * d.s * d.heads * (d.dqk + d.dv),
  attention_backward: (d) => d.t * d.s * d.heads * (3 * d.dqk + 2 * d.dv),
  norm: (d) => 4 * d.t * d.d,
  norm_backward: (d) => (8 + d.adds) * d.t * d.d,
  rope: (d) => 3 * d.n,
  embedding: () => 0,
  embedding_backward: (d) => d.t * d.d,
  cross_entropy: (d) => 4 * d.t * d.v,
  cross_entropy_backward: (d) => 4 * d.t * d.v,
  elementwise: (d) => d.n * d.reads,
  reduce: (d) => 2 * d.n,
  adamw: (d) => 15 * d.n,
};

/**
 * FLOP of an op. A multiply-add is two; matrix products count the products alone (no activation);
 * attention counts the causal half; the padding of tiles is never counted.
 *
 * The gradient of attention is five products, the scores made again among them, where the forward
 * pass is two: with dqk = dv that is 2.5 times as much (FlashAttention-2, arXiv 2307.08691, section
 * 4.1), whatever a kernel computes twice besides.
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

type Elements<K extends OpKind> = (d: OpDims[K], op: AnyOp) => number;

const inputGradient = ({ m, n, k, planes = 1 }: MatrixDims & Planes, weights: number) =>
  planes * m * k + weights * planes * k * n + m * n;

/** Results of all experts: also those without rows are written. */
const weightGradient = ({ m, n, k, planes = 1 }: MatrixDims & Planes, results: number) =>
  m * k + planes * k * n + results * planes * m * n;

/** `weights` pairs of matrices are read, and `results` matrices written. */
const swiglu = (d: MatrixDims, weights: number, results: number) =>
  d.m * d.k + weights * 2 * d.k * d.n + results * d.m * d.n;

/** Pre-activation, gradient in, gradient out, and the activation that is made again. */
const activationGradient = (d: ActivationDims) => activated(d) * (2 + 2 * d.planes);

/** Elements moved at the least: every input read once, every output written once. */
const elementsOf: { [K in OpKind]: Elements<K> } = {
  gemm: (d) => d.m * d.k + d.k * d.n + d.m * d.n,
  gemm_nt: (d) => inputGradient(d, 1),
  gemm_tn: (d) => weightGradient(d, 1),
  gemm_swiglu: (d) => swiglu(d, 1, 1),
  gemm_swiglu_kept: (d) => swiglu(d, 1, 3),
  grouped_gemm: (d, op) => d.m * d.k + usedGroups(d, op) * d.k * d.n + d.m * d.n,
  grouped_gemm_nt: (d, op) => inputGradient(d, usedGroups(d, op)),
  grouped_gemm_tn: (d) => weightGradient(d, d.groups),
  grouped_gemm_swiglu: (d, op) => swiglu(d, usedGroups(d, op), 1),
  grouped_gemm_swiglu_kept: (d, op) => swiglu(d, usedGroups(d, op), 3),
  activation: (d) => activated(d) * (1 + d.planes),
  activation_backward: activationGradient,
  // A row's choice, its weight, and the gradient of that.
  expert_backward: (d) => activationGradient(d) + 3 * d.m,
  router: (d) => d.t * (d.e + 2 * d.k),
  router_backward: (d) => d.t * (2 * d.e + 2 * d.k),
  group_tokens: (d) => 4 * d.t * d.k + 2 * d.e,
  combine: (d) => d.t * d.k * (d.d + 2) + d.t * d.d,
  attention: (d) => d.t * d.heads * (2 * d.dqk + 2 * d.dv),
  // Queries, keys, values, output, its gradient, log-sum-exp; three gradients.
  attention_backward: (d) => d.t * d.heads * (4 * d.dqk + 4 * d.dv + 1),
  norm: (d) => 2 * d.t * d.d,
  norm_backward: (d) => (3 + d.adds) * d.t * d.d + d.t + 2 * d.d,
  rope: (d) => 2 * d.n,
  embedding: (d) => d.t * (2 * d.d + 1),
  // Rows that are added to are read and written; a new gradient is written whole.
  embedding_backward: (d) => d.t * (d.d + 1) + (d.adds > 0 ? 2 * Math.min(d.t, d.v) : d.v) * d.d,
  cross_entropy: (d) => d.t * (d.v + 3),
  cross_entropy_backward: (d) => d.t * (2 * d.v + 2),
  elementwise: (d) => d.n * (d.reads + 1),
  reduce: (d) => d.n + 1,
  // Gradient, and parameter in and out; two moments in and out, in f32 whatever the parameter is.
  adamw: (d, op) => 3 * d.n + 4 * d.n * dtypeBytes.f32 / dtypeBytes[op.dtype],
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
