/**
 * The gradient of a mixture-of-experts layer as operators, in the order in which a device runs them.
 *
 * The order of SonicMoE (arXiv 2512.14080): activations are made again from the pre-activations, and
 * the gradient of a routing weight is a row sum beside it, so that the experts' outputs are not kept.
 *
 * @module
 */
import { type AnyOp, type DType, op } from "../../kernels/base/op.ts";
import { isGated } from "./activation.ts";
import type { LowerOptions, MoeLayerShape } from "./lower.ts";
import { gradientsOf, lowerFfnBackward } from "./lower_gradients.ts";

function lowerExpertsBackward(
  shape: MoeLayerShape,
  tokens: number,
  options: LowerOptions,
): AnyOp[] {
  const { dModel: d, dExpert: f, experts: groups, topK, activation = "swiglu" } = shape;
  const { dtype, rows } = options;
  const m = tokens * topK;
  const planes = isGated(activation) ? 2 : 1;
  const named = (name: string) => ({ dtype, name, ...(rows && { rows }) });
  return [
    op("grouped_gemm_nt", { m, n: f, k: d, groups }, named("expert down dx")),
    op("expert_backward", { m, n: f, planes }, { dtype, name: "expert activation backward" }),
    op("grouped_gemm_tn", { m: f, n: d, k: m, groups }, named("expert down dw")),
    op("grouped_gemm_nt", { m, n: d, k: f, planes, groups }, named("expert up dx")),
    op("grouped_gemm_tn", { m: d, n: f, k: m, planes, groups }, named("expert up dw")),
  ];
}

/** The router's gradient down to its weights, and the one of its input, which comes later. */
function lowerRouterBackward(
  shape: MoeLayerShape,
  tokens: number,
  dtype: DType,
): { weights: AnyOp[]; input: AnyOp } {
  const { dModel: k, experts: e, topK, router = "linear" } = shape;
  const n = router === "attention" ? 3 * e : e;
  const between: Record<typeof router, AnyOp[]> = {
    linear: [],
    mlp: [op("gemm", { m: tokens, n: e, k: e }, { dtype, name: "router second layer" })],
    attention: [
      op("elementwise", { n: tokens * e * e, reads: 2 }, { dtype, name: "router attention" }),
    ],
  };
  const logits = op("gemm", { m: tokens, n, k }, { dtype, name: "router" });
  const [dw, dx] = gradientsOf([logits]);
  return {
    weights: [
      op("router_backward", { t: tokens, e, k: topK }, { dtype, name: "router backward" }),
      ...gradientsOf(between[router]),
      dw,
    ],
    input: dx,
  };
}

function lowerSharedBackward(shape: MoeLayerShape, tokens: number, dtype: DType): AnyOp[] {
  const { dModel, sharedWidth: width, activation = "swiglu", sharedGate } = shape;
  if (width === 0) return [];
  const gate = op("gemm", { m: tokens, n: 1, k: dModel }, { dtype, name: "shared gate" });
  return [
    ...(sharedGate ? gradientsOf([gate]) : []),
    ...lowerFfnBackward({ dModel, width, activation }, tokens, { dtype, name: "shared" }),
  ];
}

/**
 * The ops of the gradient of {@linkcode lowerMoeLayer}: experts, router, shared experts where there
 * are some, and the sum of each token's rows with what came through the router.
 *
 * Every product of the forward pass has two here, of its input and of its weights, with as many FLOP
 * each.
 *
 * @example
 * ```ts
 * import { lowerMoeLayerBackward } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const shape = {
 *   dModel: 64, dExpert: 32, experts: 8, topK: 2, sharedExperts: 0, sharedWidth: 0,
 * };
 * assertEquals(lowerMoeLayerBackward(shape, 16).map((op) => op.name), [
 *   "expert down dx", "expert activation backward", "expert down dw", "expert up dx",
 *   "expert up dw", "router backward", "router dw", "router dx", "combine dx",
 * ]);
 * ```
 */
export function lowerMoeLayerBackward(
  shape: MoeLayerShape,
  tokens: number,
  options: LowerOptions = {},
): AnyOp[] {
  const { dtype = "f32" } = options;
  const { dModel: d, topK } = shape;
  const router = lowerRouterBackward(shape, tokens, dtype);
  return [
    ...lowerExpertsBackward(shape, tokens, { ...options, dtype }),
    ...router.weights,
    ...lowerSharedBackward(shape, tokens, dtype),
    router.input,
    op("combine", { t: tokens, k: topK + 1, d }, { dtype, name: "combine dx" }),
  ];
}
