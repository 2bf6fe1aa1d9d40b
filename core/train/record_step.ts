/**
 * One training step: loss and gradients, their common norm, an update of every weight, and the new
 * states of gates.
 *
 * @module
 */
import {
  adamw,
  type AdamwNumbers,
  clipOf,
  type Device,
  download,
  mapRecipes,
  mapTensors,
  type Recorder,
  scaleTensor,
  type Tensor,
} from "../../kernels/mod.ts";
import { createTape } from "../nn/tape.ts";
import { type ForwardOptions, lossAndGradients } from "../nn/transformer.ts";
import { objectiveOf } from "./objectives/record.ts";
import type { TrainerMemory } from "./trainer_memory.ts";

/** What a step leaves on the device. */
export interface StepLeft {
  /** Mean cross-entropy, f32 [1]. */
  loss: Tensor;
  /** Norm of all gradients before clipping, f32 [1]. */
  norm: Tensor;
  /** Losses of gates, summed over layers and passes, and those beside, by name. */
  auxiliary: Record<string, Tensor>;
}

/** Waits for what a step left. */
export async function readStep(
  device: Device,
  { loss, norm, auxiliary }: StepLeft,
): Promise<{ loss: number; norm: number; auxiliary: Record<string, number> }> {
  const names = Object.keys(auxiliary);
  const all = [loss, norm, ...names.map((name) => auxiliary[name])];
  const [[lossNow], [normNow], ...values] = await download(device, all);
  return {
    ...{ loss: lossNow, norm: normNow },
    auxiliary: Object.fromEntries(names.map((name, i) => [name, values[i][0]])),
  };
}

/** What a step is told. */
export interface StepOptions {
  /** The forward pass. */
  forward: ForwardOptions;
  /** The phase of the training that the step is in. */
  phase: string;
  /** Numbers of the update. */
  numbers: AdamwNumbers;
  /** Norm that the gradients are clipped to, all together. */
  maxNorm: number;
  /** Factor of the loss; gradients are divided by it again. */
  lossScale: number;
  /** Whether gates get their new states. */
  moveStates: boolean;
}

/** Norm and factor of the clipping, as if the loss had not been scaled. */
function clipped(
  recorder: Recorder,
  gradients: Tensor[],
  { maxNorm, lossScale }: StepOptions,
): { norm: Tensor; factor: Tensor } {
  const clip = clipOf(recorder, gradients, { maxNorm: maxNorm * lossScale });
  if (lossScale === 1) return clip;
  const by = { by: 1 / lossScale };
  const norm = scaleTensor(recorder, clip.norm, by);
  const factor = scaleTensor(recorder, clip.factor, by);
  recorder.pool.release(clip.norm, clip.factor);
  return { norm, factor };
}

/** Records a step. */
export function recordStep(
  recorder: Recorder,
  memory: TrainerMemory,
  options: StepOptions,
): StepLeft {
  const { forward, phase, numbers, lossScale, moveStates } = options;
  const { parameters, weights, copies, moments, states, batch } = memory;
  const { pool } = recorder;
  const tape = createTape(recorder);
  const objective = objectiveOf(tape, { forward, phase, targets: batch.targets });
  const lost = lossAndGradients(tape, batch, { ...forward, ...objective, lossScale });
  // What a gate does not read, or reads as a constant, and what the phase leaves alone, has no
  // gradient and stays what it is.
  const trained = Object.values(parameters).filter(({ name }) => weights[name].grad);
  const gradients = trained.map(({ name }) => weights[name].grad!);
  const { norm, factor } = clipped(recorder, gradients, options);
  trained.forEach(({ name, value }, i) => {
    const tensors = { ...moments[name], gradient: gradients[i], factor, copy: copies[name] };
    adamw(recorder, value, { ...tensors, ...numbers });
    pool.release(gradients[i]);
    weights[name].grad = undefined;
  });
  pool.release(factor);
  for (const [name, x] of Object.entries(lost.states)) {
    const tensors = { x, y: states[name] };
    if (moveStates) mapTensors(recorder, mapRecipes.copy, { tensors, label: "states" });
    pool.release(x);
  }
  return { loss: lost.loss, norm, auxiliary: lost.auxiliary };
}
