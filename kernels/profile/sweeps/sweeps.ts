/**
 * The sweeps of a profile by operator: the shapes that each is measured on.
 *
 * @module
 */
import type { OpKind } from "../../base/op.ts";
import type { Sweep, SweepContext } from "../sweep.ts";
import { activationBackwardSweep, activationSweep, expertBackwardSweep } from "./activations.ts";
import { attentionBackwardSweep, attentionSweep, ropeSweep } from "./attention.ts";
import {
  groupedInputGradSweep,
  groupedWeightGradSweep,
  inputGradSweep,
  weightGradSweep,
} from "./gradients.ts";
import { adamwSweep, elementwiseSweep, reduceSweep } from "./pointwise.ts";
import {
  gemmSweep,
  groupedSweep,
  groupedSwigluKeptSweep,
  groupedSwigluSweep,
  swigluKeptSweep,
  swigluSweep,
} from "./products.ts";
import { combineSweep, groupTokensSweep, routerBackwardSweep, routerSweep } from "./routing.ts";
import {
  embeddingBackwardSweep,
  embeddingSweep,
  lossBackwardSweep,
  lossSweep,
  normBackwardSweep,
  normSweep,
} from "./rows.ts";

const byKind: Record<OpKind, (context: SweepContext) => Sweep> = {
  gemm: gemmSweep,
  gemm_swiglu: swigluSweep,
  grouped_gemm_swiglu: groupedSwigluSweep,
  grouped_gemm: groupedSweep,
  router: routerSweep,
  group_tokens: groupTokensSweep,
  combine: combineSweep,
  gemm_swiglu_kept: swigluKeptSweep,
  grouped_gemm_swiglu_kept: groupedSwigluKeptSweep,
  gemm_nt: inputGradSweep,
  gemm_tn: weightGradSweep,
  grouped_gemm_nt: groupedInputGradSweep,
  grouped_gemm_tn: groupedWeightGradSweep,
  activation: activationSweep,
  activation_backward: activationBackwardSweep,
  expert_backward: expertBackwardSweep,
  router_backward: routerBackwardSweep,
  attention: attentionSweep,
  attention_backward: attentionBackwardSweep,
  rope: ropeSweep,
  norm: normSweep,
  norm_backward: normBackwardSweep,
  embedding: embeddingSweep,
  embedding_backward: embeddingBackwardSweep,
  cross_entropy: lossSweep,
  cross_entropy_backward: lossBackwardSweep,
  elementwise: elementwiseSweep,
  reduce: reduceSweep,
  adamw: adamwSweep,
};

/** The kinds of operators that a profile can measure, those of a forward pass of experts first. */
export const profiledKinds = Object.keys(byKind) as readonly OpKind[];

/** The kinds of operators in a forward pass of a mixture-of-experts layer. */
export const layerKinds: readonly OpKind[] = [
  "gemm",
  "gemm_swiglu",
  "grouped_gemm_swiglu",
  "grouped_gemm",
  "router",
  "group_tokens",
  "combine",
];

/** The kinds of operators in its backward pass, beside the weighted sum of both. */
export const gradientKinds: readonly OpKind[] = [
  "gemm_nt",
  "gemm_tn",
  "grouped_gemm_nt",
  "grouped_gemm_tn",
  "activation_backward",
  "expert_backward",
  "router_backward",
];

/** The sweeps of some kinds, in the order of {@linkcode profiledKinds}. */
export function sweepsOf(kinds: readonly OpKind[], context: SweepContext): Sweep[] {
  return profiledKinds.filter((kind) => kinds.includes(kind)).map((kind) => byKind[kind](context));
}
