/**
 * What the parts of a forward pass share: the model, its weights and cache on the device, and how
 * products are run.
 *
 * @module
 */
import { type KernelChoice, norm, type Recorder, type Tensor } from "../../kernels/mod.ts";
import type { RunSettings } from "../checkpoints/run_settings.ts";
import type { ModelLayer } from "../spec/layers.ts";
import type { Model } from "../spec/model.ts";
import type { LayerCache } from "./cache.ts";
import type { InferenceWeights } from "./weights.ts";

/** A model that runs. */
export interface Running {
  /** The description. */
  model: Model;
  /** Constants of the forward pass. */
  settings: RunSettings;
  /** Weights. */
  weights: InferenceWeights;
  /** Cosines and sines of positions. */
  angles: Tensor;
  /** Kernel variants. */
  kernels: KernelChoice;
}

/** A layer of a pass. */
export interface LayerRun {
  /** The model. */
  running: Running;
  /** The layer. */
  layer: ModelLayer;
  /** Its keys and values. */
  cache: LayerCache;
  /** Tokens in the cache before those of the pass. */
  past: number;
}

/** The name of a weight in a layer. */
export const inLayer = ({ layer }: Pick<LayerRun, "layer">, name: string): string =>
  `layers.${layer.index}.${name}`;

/** A norm of the residual stream, RMSNorm or LayerNorm as the model has it. */
export function normed(
  recorder: Recorder,
  x: Tensor,
  options: { running: Running; name: string },
): Tensor {
  const { running, name } = options;
  const { model, weights, settings: { normEps: epsilon } } = running;
  if (model.norm.kind === "rmsnorm") return rmsNormed(recorder, x, options);
  const { y, inverse, mean } = norm(recorder, x, {
    ...{ kind: "layer", gamma: weights.vector(name), beta: weights.find(`${name}.beta`) },
    ...{ epsilon, label: name },
  });
  recorder.pool.release(inverse, ...(mean ? [mean] : []));
  return y;
}

/** RMSNorm of the rows of x. */
export function rmsNormed(
  recorder: Recorder,
  x: Tensor,
  options: { running: Running; name: string },
): Tensor {
  const { running: { weights, settings: { normEps } }, name } = options;
  const { y, inverse } = norm(recorder, x, {
    ...{ kind: "rms", gamma: weights.vector(name), epsilon: normEps, label: name },
  });
  recorder.pool.release(inverse);
  return y;
}

/** As {@linkcode rmsNormed}, of a matrix that is not needed any more. */
export function rmsNormedOnly(
  recorder: Recorder,
  x: Tensor,
  options: { running: Running; name: string },
): Tensor {
  const y = rmsNormed(recorder, x, options);
  recorder.pool.release(x);
  return y;
}
