/**
 * A mixture-of-experts layer as operators, in the order in which a device runs them.
 *
 * @module
 */
import { type AnyOp, type DType, op } from "../../kernels/base/op.ts";
import { type Activation, isGated } from "./activation.ts";
import type { GroupLimit } from "./experts.ts";

/** Sizes of one mixture-of-experts layer. */
export interface MoeLayerShape {
  /** Model width D. */
  dModel: number;
  /** Hidden width F of one routed expert. */
  dExpert: number;
  /** Routed experts E. */
  experts: number;
  /** Experts a token K. */
  topK: number;
  /** Shared experts that every token passes. */
  sharedExperts: number;
  /** Hidden width of all shared experts merged into one network, 0 where there is none. */
  sharedWidth: number;
  /** Nonlinearity of the routed and shared experts; "swiglu" by default. */
  activation?: Activation;
  /** Whether a linear gate of one output scales the shared experts' sum; false by default. */
  sharedGate?: boolean;
  /** Form of the router: a linear map, two layers, or Yuan's attention router; "linear" by default. */
  router?: "linear" | "mlp" | "attention";
  /** Groups of experts that a token may reach; all where it is left out. */
  groupLimit?: GroupLimit;
}

/** What a lowering may be told beside its shape. */
export interface LowerOptions {
  /** Storage type of every op; "f32" by default. */
  dtype?: DType;
  /** Tokens of each expert, of sum T K; even where they are left out. */
  rows?: readonly number[];
  /** Gated products store what their gradient needs, as in training; false by default. */
  keep?: boolean;
  /** The combination adds the residual, as in a block; false by default. */
  residual?: boolean;
}

/** A feed-forward network of one group as ops: up (and gate), activation, down. */
export function lowerFfn(
  ffn: { dModel: number; width: number; activation: Activation },
  tokens: number,
  options: { dtype?: DType; name: string; keep?: boolean },
): AnyOp[] {
  const { dModel: d, width: f, activation } = ffn;
  const { dtype, name, keep } = options;
  const up = { m: tokens, n: f, k: d };
  const down = op("gemm", { m: tokens, n: d, k: f }, { dtype, name: `${name} down` });
  if (isGated(activation)) {
    const kind = keep ? "gemm_swiglu_kept" : "gemm_swiglu";
    return [op(kind, up, { dtype, name: `${name} up` }), down];
  }
  return [
    op("gemm", up, { dtype, name: `${name} up` }),
    op("activation", { m: tokens, n: f, planes: 1 }, { dtype, name: `${name} activation` }),
    down,
  ];
}

function lowerRouter(shape: MoeLayerShape, tokens: number, dtype?: DType): AnyOp[] {
  const { dModel: k, experts: e, topK, router = "linear" } = shape;
  const outputs = router === "attention" ? 3 * e : e;
  const extra: Record<typeof router, AnyOp[]> = {
    linear: [],
    mlp: [op("gemm", { m: tokens, n: e, k: e }, { dtype, name: "router second layer" })],
    // Per token, an E by E matrix of query times key, its softmax, times the values.
    attention: [
      op("elementwise", { n: tokens * e * e, reads: 2 }, { dtype, name: "router attention" }),
    ],
  };
  // The best scores of each group are compared, and those of the groups left out are masked.
  const limit = op("elementwise", { n: tokens * e, reads: 1 }, { dtype, name: "limit groups" });
  return [
    op("gemm", { m: tokens, n: outputs, k }, { dtype, name: "router logits" }),
    ...extra[router],
    ...(shape.groupLimit ? [limit] : []),
    op("router", { t: tokens, e, k: topK }, { dtype, name: "router" }),
    op("group_tokens", { t: tokens, e, k: topK }, { dtype, name: "group tokens" }),
  ];
}

function lowerExperts(shape: MoeLayerShape, tokens: number, options: LowerOptions): AnyOp[] {
  const { dModel: d, dExpert: f, experts: groups, topK, activation = "swiglu" } = shape;
  const { dtype, rows, keep } = options;
  const m = tokens * topK;
  const named = (name: string) => ({ dtype, name, ...(rows && { rows }) });
  const up = { m, n: f, k: d, groups };
  const down = op("grouped_gemm", { m, n: d, k: f, groups }, named("expert down"));
  if (isGated(activation)) {
    const kind = keep ? "grouped_gemm_swiglu_kept" : "grouped_gemm_swiglu";
    return [op(kind, up, named("expert up")), down];
  }
  return [
    op("grouped_gemm", up, named("expert up")),
    op("elementwise", { n: m * f, reads: 1 }, { dtype, name: `expert ${activation}` }),
    down,
  ];
}

function lowerShared(shape: MoeLayerShape, tokens: number, options: LowerOptions): AnyOp[] {
  const { dModel, sharedWidth: width, activation = "swiglu" } = shape;
  const { dtype, keep } = options;
  if (width === 0) return [];
  const gate = op("gemm", { m: tokens, n: 1, k: dModel }, { dtype, name: "shared gate" });
  return [
    ...lowerFfn({ dModel, width, activation }, tokens, { dtype, keep, name: "shared" }),
    ...(shape.sharedGate ? [gate] : []),
  ];
}

/**
 * The ops of one MoE layer for `tokens` tokens: router logits, router, token groups, the experts'
 * grouped products, the shared experts where there are some, and the combination.
 *
 * The combination adds the shared experts' output as one more input, or the residual where there are
 * none: else the product before it adds that. Dropless: T K rows in all. A
 * router whose tokens reach few groups of experts masks the scores of the others in a pass of its own.
 *
 * @example
 * ```ts
 * import { lowerMoeLayer } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const shape = {
 *   dModel: 64, dExpert: 32, experts: 8, topK: 2, sharedExperts: 0, sharedWidth: 0,
 * };
 * assertEquals(lowerMoeLayer(shape, 16).map((op) => op.kind), [
 *   "gemm", "router", "group_tokens", "grouped_gemm_swiglu", "grouped_gemm", "combine",
 * ]);
 * ```
 */
export function lowerMoeLayer(
  shape: MoeLayerShape,
  tokens: number,
  options: LowerOptions = {},
): AnyOp[] {
  const { dtype = "f32", residual = false } = options;
  const k = shape.topK + (shape.sharedWidth > 0 || residual ? 1 : 0);
  return [
    ...lowerRouter(shape, tokens, dtype),
    ...lowerExperts(shape, tokens, { ...options, dtype }),
    ...lowerShared(shape, tokens, { ...options, dtype }),
    op("combine", { t: tokens, k, d: shape.dModel }, { dtype, name: "combine" }),
  ];
}
