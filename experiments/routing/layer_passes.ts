/**
 * A layer on the device, and the passes over it that are timed.
 *
 * @module
 */
import {
  moeLayer,
  moeLayerBackward,
  type MoeLayerGradients,
  type MoeLayerOutput,
  type MoeLayerTensors,
  uploadWeights,
} from "../../core/mod.ts";
import type {
  KernelChoice,
  LaunchTime,
  Pool,
  RecordedPart,
  Recorder,
  Tensor,
} from "../../kernels/mod.ts";
import { type LayerInputs, layerInputs, type LayerRun } from "./layer_inputs.ts";

/** The passes that are timed: as in inference, and the gradient. */
export const passes = ["forward", "backward"] as const;
/** A pass over a layer. */
export type Pass = typeof passes[number];

/** A layer on the device, ready to run. */
export interface PreparedLayer {
  run: LayerRun;
  inputs: LayerInputs;
  x_TD: Tensor;
  dy_TD: Tensor;
  w: MoeLayerTensors;
  /** Launches of each round, by pass. */
  rounds: Record<Pass, LaunchTime[]>[];
}

/** The tensors of weights or of their gradients that are there. */
export const weightTensors = (w: MoeLayerTensors): Tensor[] =>
  Object.values(w).filter((tensor) => tensor !== null);

/** Puts a layer on the device. */
export function prepareLayer(pool: Pool, run: LayerRun): PreparedLayer {
  const inputs = layerInputs(run);
  const shape = [run.tokens, run.shape.dModel];
  const x_TD = pool.upload("x_TD", shape, inputs.x);
  const dy_TD = pool.upload("dy_TD", shape, inputs.dy);
  const w = uploadWeights(pool, run.shape, inputs.weights);
  return { run, inputs, x_TD, dy_TD, w, rounds: [] };
}

/** Puts a layer's tensors back. */
export function releaseLayer(pool: Pool, { x_TD, dy_TD, w }: PreparedLayer): void {
  pool.release(x_TD, dy_TD, ...weightTensors(w));
}

/** What both passes of a layer are told. */
function optionsOf({ run: { shape }, w }: PreparedLayer, kernels: KernelChoice) {
  const gate = { topK: shape.topK, softmax: "after" as const };
  return { shape, gate, w, kernels };
}

/** Its input is fresh in every step: other layers have run since. */
function freshly(tensor: Tensor): Tensor {
  tensor.slot.mirrored = false;
  return tensor;
}

/** Records a forward pass. */
export function recordForward(
  recorder: Recorder,
  layer: PreparedLayer,
  options: { kernels: KernelChoice; keep?: boolean },
): MoeLayerOutput {
  const { kernels, keep } = options;
  return moeLayer(recorder, freshly(layer.x_TD), { ...optionsOf(layer, kernels), keep });
}

/** Records the gradient after a forward pass that kept what it needs. */
export function recordBackward(
  recorder: Recorder,
  layer: PreparedLayer,
  options: { kernels: KernelChoice; forward: MoeLayerOutput },
): MoeLayerGradients {
  const { kernels, forward } = options;
  return moeLayerBackward(recorder, freshly(layer.dy_TD), {
    ...{ ...optionsOf(layer, kernels), forward },
  });
}

/** A layer as parts of a recording: forward; forward of a training, which is not timed; backward. */
export function layerParts(layer: PreparedLayer, kernels: KernelChoice): RecordedPart[] {
  let kept: MoeLayerOutput;
  return [
    (recorder) => recorder.pool.release(...recordForward(recorder, layer, { kernels }).tensors),
    (recorder) => kept = recordForward(recorder, layer, { kernels, keep: true }),
    (recorder) => {
      const { dx_TD, w } = recordBackward(recorder, layer, { kernels, forward: kept });
      recorder.pool.release(...kept.tensors, dx_TD, ...weightTensors(w));
    },
  ];
}

/** The launches of a layer's parts by pass. */
export const launchesOf = (
  [forward, , backward]: readonly LaunchTime[][],
): Record<Pass, LaunchTime[]> => ({ forward, backward });
