/**
 * Training steps that are only submitted: forward, backward, clipping and update go to the device in
 * one piece, and nothing is read back but the loss, when somebody asks for it.
 *
 * The first step is recorded once without a device, to learn how long each tensor lives; from then
 * on every step runs in the same planned memory, and nothing is allocated.
 *
 * @module
 */
import {
  adamw,
  type AdamwNumbers,
  clipOf,
  createPool,
  createRecorder,
  type Device,
  download,
  guessedKernels,
  type KernelChoice,
  planStep,
  type Recorder,
  ropeTable,
  type ShelfBytes,
  type Tensor,
} from "../../kernels/mod.ts";
import { createTape } from "../nn/tape.ts";
import { createParameters, lossAndGradients, type ModelParameters } from "../nn/transformer.ts";
import type { Model } from "../spec/model.ts";

/** What a trainer is made of. */
export interface TrainerOptions {
  /** Sequences in a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Seed of the weights. */
  seed: number;
  /** Norm that the gradients are clipped to, all together. */
  maxNorm?: number;
  /** Kernel variants; the device's first candidates where absent. */
  kernels?: KernelChoice;
}

/** A model in training. */
export interface Trainer {
  /** The weights. */
  parameters: ModelParameters;
  /**
   * Submits a step on token ids and the tokens that follow them, T each, and does not wait.
   * `rate` is the learning rate.
   */
  step(batch: { ids: Uint32Array; targets: Uint32Array }, update: Omit<AdamwNumbers, "step">): void;
  /** Waits for the last step: its loss, and the norm of its gradients before clipping. */
  last(): Promise<{ loss: number; norm: number }>;
  /** Memory of weights and moments, and of a step: see {@linkcode ShelfBytes}. */
  bytes(): { state: ShelfBytes; step: ShelfBytes };
  /** Gives all memory back. */
  close(): void;
}

/** A parameter's moments. */
interface Moments {
  m: Tensor;
  v: Tensor;
}

/**
 * Makes a trainer of a model.
 *
 * @throws {UserError} where the description has a part that the decoder does not run.
 */
export function createTrainer(device: Device, model: Model, options: TrainerOptions): Trainer {
  const { sequences, length, seed, maxNorm = 1, kernels = guessedKernels(device) } = options;
  const pool = createPool(device);
  const tokens = sequences * length;
  const parameters = createParameters(pool, model, { seed });
  const zeros = (name: string, like: Tensor) =>
    pool.upload(name, like.shape, new Float32Array(like.shape.reduce((a, b) => a * b)));
  const moments: Record<string, Moments> = Object.fromEntries(
    Object.values(parameters).map(({ name, value }) => [name, {
      m: zeros(`${name} m`, value),
      v: zeros(`${name} v`, value),
    }]),
  );
  const batch = {
    ids: pool.upload("ids", [tokens], new Uint32Array(tokens)),
    targets: pool.upload("targets", [tokens], new Uint32Array(tokens)),
    length,
  };
  const { headDim } = model.attention as { headDim: number };
  const rope = ropeTable(pool, { positions: length, rotary: headDim });

  function record(recorder: Recorder, numbers: AdamwNumbers): { loss: Tensor; norm: Tensor } {
    const tape = createTape(recorder);
    const loss = lossAndGradients(tape, batch, { model, parameters, kernels, rope });
    const list = Object.values(parameters);
    const { norm, factor } = clipOf(recorder, list.map(({ grad }) => grad!), { maxNorm });
    for (const parameter of list) {
      const gradient = parameter.grad!;
      adamw(recorder, parameter.value, {
        ...moments[parameter.name],
        ...{ gradient, factor, ...numbers },
      });
      recorder.pool.release(gradient);
      parameter.grad = undefined;
    }
    recorder.pool.release(factor);
    return { loss, norm };
  }

  const planned = planStep(device, (recorder) => void record(recorder, { step: 1, rate: 0 }));
  let steps = 0;
  let latest: { loss: Tensor; norm: Tensor } | undefined;
  return {
    parameters,
    step({ ids, targets }, update) {
      pool.write(batch.ids, ids);
      pool.write(batch.targets, targets);
      planned.restart();
      const recorder = createRecorder(planned);
      latest = record(recorder, { ...update, step: ++steps });
      recorder.submit();
    },
    async last() {
      if (!latest) throw new RangeError("Cannot read a loss: no step was made");
      const [[loss], [norm]] = await download(device, [latest.loss, latest.norm]);
      return { loss, norm };
    },
    bytes: () => ({ state: pool.bytes(), step: planned.bytes() }),
    close() {
      planned.trim();
      const all = [...Object.values(parameters).map(({ value }) => value), rope];
      pool.release(...all, ...Object.values(moments).flatMap(({ m, v }) => [m, v]));
      pool.release(batch.ids, batch.targets);
      pool.trim();
    },
  };
}
