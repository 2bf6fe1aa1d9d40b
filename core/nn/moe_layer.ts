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
  gemmGated,
  groupedGemm,
  groupedGemmGated,
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

/** What the gradient of a layer needs beside its input: choices and pre-activations, no more. */
export interface MoeSaved {
  /** The layer's input. */
  x_TD: Tensor;
  /** Router logits. */
  logits_TE: Tensor;
  /** Pre-activations of the routed experts, gate and up: rows in the order of the groups. */
  kept_2RF: Tensor;
  /** Pre-activations of the shared experts. */
  sharedKept_2TS?: Tensor;
}

/** What a forward pass leaves on the device. */
export interface MoeLayerOutput {
  /** The layer's output. */
  y_TD: Tensor;
  /** Which experts each token went to, and with what weight. */
  routing: Routing;
  /** The rows of each expert. */
  groups: TokenGroups;
  /** What the gradient needs, where it was asked for; `moeLayerBackward` puts it back. */
  saved?: MoeSaved;
  /** Output, routing and groups, to put back into the pool. */
  tensors: Tensor[];
}

/** A layer and how it is run. */
export interface MoeLayerOptions {
  /** Sizes. */
  shape: MoeLayerShape;
  /** How experts are chosen. */
  gate: TopKGate;
  /** Weights. */
  w: MoeLayerTensors;
  /** Kernel variants. */
  kernels: KernelChoice;
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

/**
 * Records the layer over x[T, D]. Nothing is awaited; intermediates go back to the pool at once.
 *
 * `residual` [T, D] is added to the output. `keep` keeps what the gradient needs.
 */
export function moeLayer(
  recorder: Recorder,
  x_TD: Tensor,
  options: MoeLayerOptions & { residual?: Tensor; keep?: boolean },
): MoeLayerOutput {
  const { shape, gate, w, kernels, residual, keep } = options;
  const { pool } = recorder;
  const { topK } = gate;
  const { logits_TE, routing } = topKGate(recorder, x_TD, {
    gate,
    w_DE: w.router_DE!,
    variant: kernels.gemm,
  });
  const variant = kernels.grouped;
  const tileRows = variant.rows;
  const groups = groupTokens(recorder, routing.ids, {
    experts: shape.experts,
    tileRows,
    topK,
  });
  const by = { groups, variant };
  const { y: h, kept } = groupedGemmGated(recorder, x_TD, {
    ...{ ...by, gate: "silu", keep },
    ...{ w: w.up_E2DF!, label: "expert up" },
  });
  const rows = groupedGemm(recorder, h, { ...by, w: w.down_EFD!, label: "expert down" });
  pool.release(h);
  const shared = sharedExperts(recorder, x_TD, { w, kernels, residual, keep });
  const { places } = groups;
  const { weights } = routing;
  const y_TD = combine(recorder, rows, { places, weights, topK, extra: shared?.y ?? residual });
  pool.release(rows, ...(shared ? [shared.y] : []));
  if (!keep) pool.release(logits_TE);
  const saved = { x_TD, logits_TE, kept_2RF: kept!, sharedKept_2TS: shared?.kept };
  return {
    y_TD,
    routing,
    groups,
    ...(keep && { saved }),
    tensors: [y_TD, ...routingTensors(routing), ...groupTensors(groups)],
  };
}

/** The tensors of a choice, to put back into the pool. */
export const routingTensors = ({ ids, weights }: Routing): Tensor[] => [ids, weights];

function sharedExperts(
  recorder: Recorder,
  x_TD: Tensor,
  options: { w: MoeLayerTensors; kernels: KernelChoice; residual?: Tensor; keep?: boolean },
): { y: Tensor; kept?: Tensor } | undefined {
  const { w, kernels, residual, keep } = options;
  const { sharedUp_2DS: b, sharedDown_SD: down } = w;
  if (!b || !down) return undefined;
  const { y: h, kept } = gemmGated(recorder, x_TD, {
    ...{ b, gate: "silu", keep, label: "shared up", variant: kernels.gemmSwiglu },
  });
  const y = gemm(recorder, h, {
    ...{ b: down, add: residual, label: "shared down", variant: kernels.gemm },
  });
  recorder.pool.release(h);
  return { y, kept };
}
