/**
 * The dropless mixture-of-experts layer, forward, on the kernels: every choice of every token is
 * computed, however uneven the experts' loads are, and nothing is read back in between.
 *
 *     x_TD -> gate -> sort by expert -> up (gather, SwiGLU) -> down -> combine (+ shared) -> y_TD
 *
 * The shared experts are one dense SwiGLU network of their summed width, as DeepSeekMoE computes
 * them (arXiv 2401.06066).
 *
 * @module
 */
import {
  combine,
  gemm,
  gemmSwiglu,
  groupedGemm,
  groupedGemmSwiglu,
  groupTensors,
  groupTokens,
  type KernelChoice,
  normals,
  type Pool,
  type Recorder,
  type Routing,
  split,
  type Tensor,
  type TokenGroups,
} from "../../kernels/mod.ts";
import { type TopKGate, topKGate } from "../gates/top_k.ts";
import type { MoeLayerShape } from "../spec/lower.ts";

/** Host copies of a layer's weights. */
export interface MoeLayerWeights {
  /** Router. */
  router_DE: Float32Array;
  /** Gate and up planes of the routed experts. */
  up_E2DF: Float32Array;
  /** Down products of the routed experts. */
  down_EFD: Float32Array;
  /** Gate and up planes of the shared experts; empty where there is none. */
  sharedUp_2DS: Float32Array;
  /** Down product of the shared experts. */
  sharedDown_SD: Float32Array;
}

/** A layer's weights on the device. */
export type MoeLayerTensors = { [K in keyof MoeLayerWeights]: Tensor | null };

/** What a forward pass leaves on the device. */
export interface MoeLayerOutput {
  /** The layer's output. */
  y_TD: Tensor;
  /** Which experts each token went to, and with what weight. */
  routing: Routing;
  /** The rows of each expert. */
  groups: TokenGroups;
  /** All of the above, to put back into the pool. */
  tensors: Tensor[];
}

/** Seeded weights, scaled so that activations keep their size. */
export function randomWeights(shape: MoeLayerShape, seed: number): MoeLayerWeights {
  const { dModel: d, dExpert: f, experts: e, sharedWidth: s } = shape;
  const fill = (name: string, n: number, fanIn: number) =>
    normals(split(seed, `weights/${name}`), n, 1 / Math.sqrt(fanIn));
  return {
    router_DE: fill("router", d * e, d),
    up_E2DF: fill("up", 2 * e * d * f, d),
    down_EFD: fill("down", e * f * d, f),
    sharedUp_2DS: fill("shared up", 2 * d * s, d),
    sharedDown_SD: fill("shared down", s * d, Math.max(1, s)),
  };
}

/** Uploads a layer's weights. */
export function uploadWeights(
  pool: Pool,
  shape: MoeLayerShape,
  weights: MoeLayerWeights,
): MoeLayerTensors {
  const { dModel: d, dExpert: f, experts: e, sharedWidth: s } = shape;
  return {
    router_DE: pool.upload("router_DE", [d, e], weights.router_DE),
    up_E2DF: pool.upload("up_E2DF", [e, 2, d, f], weights.up_E2DF),
    down_EFD: pool.upload("down_EFD", [e, f, d], weights.down_EFD),
    sharedUp_2DS: s > 0 ? pool.upload("sharedUp_2DS", [2, d, s], weights.sharedUp_2DS) : null,
    sharedDown_SD: s > 0 ? pool.upload("sharedDown_SD", [s, d], weights.sharedDown_SD) : null,
  };
}

/** Records the layer over x[T, D]. Nothing is awaited; intermediates go back to the pool at once. */
export function moeLayer(
  recorder: Recorder,
  x_TD: Tensor,
  options: { shape: MoeLayerShape; gate: TopKGate; w: MoeLayerTensors; kernels: KernelChoice },
): MoeLayerOutput {
  const { shape, gate, w, kernels } = options;
  const { pool } = recorder;
  const { topK } = gate;
  const { logits_TE, routing } = topKGate(recorder, x_TD, {
    gate,
    w_DE: w.router_DE!,
    variant: kernels.gemm,
  });
  const variant = kernels.grouped;
  const groups = groupTokens(recorder, routing.ids, {
    experts: shape.experts,
    tileRows: variant.rows,
  });
  const h = groupedGemmSwiglu(recorder, x_TD, {
    w: w.up_E2DF!,
    groups,
    topK,
    label: "expert up",
    variant,
  });
  const rows = groupedGemm(recorder, h, { w: w.down_EFD!, groups, label: "expert down", variant });
  const shared = w.sharedUp_2DS && w.sharedDown_SD
    ? sharedExperts(recorder, x_TD, { up: w.sharedUp_2DS, down: w.sharedDown_SD, kernels })
    : undefined;
  const { places } = groups;
  const { weights } = routing;
  const y_TD = combine(recorder, rows, { places, weights, topK, extra: shared?.y });
  pool.release(logits_TE, h, rows, ...(shared ? [shared.h, shared.y] : []));
  return {
    y_TD,
    routing,
    groups,
    tensors: [y_TD, ...Object.values(routing), ...groupTensors(groups)],
  };
}

function sharedExperts(
  recorder: Recorder,
  x_TD: Tensor,
  options: { up: Tensor; down: Tensor; kernels: KernelChoice },
): { h: Tensor; y: Tensor } {
  const { up, down, kernels } = options;
  const h = gemmSwiglu(recorder, x_TD, { b: up, label: "shared up", variant: kernels.gemmSwiglu });
  const y = gemm(recorder, h, { b: down, label: "shared down", variant: kernels.gemm });
  return { h, y };
}
