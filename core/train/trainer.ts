/**
 * Training steps that are only submitted: forward, backward, clipping and update go to the device in
 * one piece, and nothing is read back but the loss, when somebody asks for it.
 *
 * The first step is recorded once without a device, to learn how long each tensor lives; from then
 * on every step runs in the same planned memory, and nothing is allocated.
 *
 * In f16 weights have copies that products read, activations are stored in 16 bits, sums and the
 * weights that are updated in 32; the loss is scaled by a constant, so that small gradients survive
 * (Micikevicius et al., arXiv 1710.03740).
 *
 * @module
 */
import {
  type AdamwNumbers,
  createPool,
  createRecorder,
  type Device,
  guessedKernels,
  type KernelChoice,
  type Recorder,
  type ShelfBytes,
  type Tensor,
} from "../../kernels/mod.ts";
import { deviceArrays } from "../arrays/device_arrays.ts";
import { createConstants } from "../arrays/device_constants.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { gatingOf } from "../nn/gating.ts";
import type { ModelParameters } from "../nn/parameters.ts";
import type { ForwardOptions } from "../nn/transformer.ts";
import type { Model } from "../spec/model.ts";
import type { BatchEvaluation } from "./evaluate_step.ts";
import type { PassVariant } from "./objectives/decoder.ts";
import type { TrainerBatch } from "./trainer_batch.ts";
import { evaluatorOf } from "./objectives/evaluate.ts";
import { passOf } from "./objectives/passes.ts";
import { planPhases } from "./objectives/phases.ts";
import { parametersIn } from "./objectives/record.ts";
import { courseOf } from "./objectives/table.ts";
import { readStep, recordStep, type StepLeft } from "./record_step.ts";
import { createMemory } from "./trainer_memory.ts";

/** What a trainer is made of. */
export interface TrainerOptions {
  /** Sequences in a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Seed of the weights, and of the noise of gates. */
  seed: number;
  /** The gate of the layers with experts; the description's own router where absent. */
  recipe?: GateRecipe;
  /** Whether tokens see those before them alone; true where absent. */
  causal?: boolean;
  /** Different tags of sequences; 1 where absent. */
  tags?: number;
  /** Norm that the gradients are clipped to, all together; 1 where absent. */
  maxNorm?: number;
  /** Kernel variants; the device's first candidates where absent. */
  kernels?: KernelChoice;
  /** Whether blocks are recorded again in the backward pass: less memory, the same bits. */
  recompute?: boolean;
  /** Storage of activations and of what products read; "f32" where absent. */
  storage?: "f32" | "f16";
  /** Factor of the loss in f16, a power of two; 1024 where absent. */
  lossScale?: number;
  /** Steps of the whole training, for gates that change on the way. */
  stepsTotal?: number;
  /** Weights that stay as they are, by their names in the model; none where absent. */
  frozen?: (name: string) => boolean;
}

/** A model in training. */
export interface Trainer {
  /** The weights. */
  parameters: ModelParameters;
  /** The states of its gates, by their names in the model. */
  states: Readonly<Record<string, Tensor>>;
  /** Steps that were made. Set it after writing {@linkcode Trainer.tensors}, to go on from there. */
  steps: number;
  /** Submits a step and does not wait; `rate` is the learning rate. */
  step(batch: TrainerBatch, update: Omit<AdamwNumbers, "step">): void;
  /**
   * What the recipe asks of the host between steps: a training awaits it after each. It waits for the
   * device where experts are reviewed (DYNMoE), and for nothing elsewhere.
   */
  review(): Promise<void>;
  /**
   * Records a step on the last batch for a timed recording, in the trainer's own memory: with a
   * learning rate of 0, so that weights, states and routing stay what they are.
   */
  record(recorder: Recorder): void;
  /** Waits for the last step: its loss, the norm of its gradients, and its gates' losses by name. */
  last(): Promise<{ loss: number; norm: number; auxiliary: Record<string, number> }>;
  /** The loss of each token, and what the routers did, without learning from it. */
  evaluate(batch: TrainerBatch): Promise<BatchEvaluation>;
  /** The logits [T, V] of a batch. */
  logits(batch: TrainerBatch): Promise<Float32Array>;
  /** All that a checkpoint holds: "parameters.NAME", "m.NAME", "v.NAME" and "state.NAME". */
  tensors(): Record<string, Tensor>;
  /** Memory of weights, moments and states, and of a step: see {@linkcode ShelfBytes}. */
  bytes(): { state: ShelfBytes; step: ShelfBytes };
  /** Gives all memory back. */
  close(): void;
}

/**
 * Makes a trainer of a model.
 *
 * @throws {UserError} where the description has a part that the transformer does not run, the gate is
 * none for a causal model, or the device has no f16 where it is asked for.
 *
 * @example One step of a model of bytes behind a Switch gate
 * ```ts
 * import { createTrainer, modelPreset, recipeById } from "@moelab/moelab/core";
 * import { openDevice } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await openDevice();
 * const model = { ...modelPreset("tiny"), layers: 1 };
 * const recipe = recipeById("switch");
 * const options = { sequences: 1, length: 16, seed: 1, recipe };
 * const trainer = createTrainer(device, model, options);
 * const ids = new Uint32Array(16).fill(7);
 * trainer.step({ ids, targets: ids }, { rate: 1e-3 });
 * const { auxiliary } = await trainer.last();
 * trainer.close();
 * device.close();
 * assertEquals(Object.keys(auxiliary), ["balance"]);
 * ```
 */
export function createTrainer(device: Device, model: Model, options: TrainerOptions): Trainer {
  const { sequences, length, seed, recipe, causal, recompute, storage = "f32" } = options;
  const { tags = 1, maxNorm = 1, kernels = guessedKernels(device), stepsTotal, frozen } = options;
  const lossScale = storage === "f16" ? options.lossScale ?? 1024 : 1;
  const gatingFor = (recipe: GateRecipe) =>
    gatingOf(model, { recipe, sequences, length, tags, causal, steps: stepsTotal });
  const gating = recipe && gatingFor(recipe);
  const pool = createPool(device);
  const memory = createMemory(pool, model, {
    ...{ sequences, length, seed, causal, gating, storage },
  });
  const { parameters, weights, moments, states, batch, rope } = memory;
  const constants = createConstants(device);
  const list = Object.values(parameters);
  const course = courseOf(recipe?.training, { steps: stepsTotal });

  /** Tells the weights that a phase of the training, or all of it, leaves as they are. */
  const frozenIn = (phase?: string) => {
    const inPhase = course.frozen(phase);
    if (!frozen || phase === undefined) return inPhase;
    return (name: string) => frozen(name) || inPhase?.(name) === true;
  };

  /** A pass in a phase of the training, or of an evaluation. */
  const forward = (told: { step: number; phase?: string } & PassVariant): ForwardOptions => {
    const { step, phase, pass = 0, recipe: other } = told;
    const parameters = parametersIn(weights, { frozen: frozenIn(phase) });
    const running = other ? gatingFor(other) : gating;
    return passOf({
      ...{ model, parameters, kernels, rope, causal, recompute },
      gates: running && {
        ...{ ...running, states, training: phase !== undefined },
        arrays: (tape) => deviceArrays(tape, { kernels, seed, step, constants }),
      },
    }, pass);
  };

  const record = (
    recorder: Recorder,
    told: { numbers: AdamwNumbers; phase: string; moveStates: boolean },
  ): StepLeft => {
    const { numbers: { step }, phase } = told;
    return recordStep(recorder, memory, {
      ...{ ...told, forward: forward({ step, phase }), maxNorm, lossScale },
    });
  };

  function write({ ids, targets, before, tags }: TrainerBatch): Uint32Array {
    const tags_T = tags ?? new Uint32Array(ids.length);
    pool.write(batch.ids, ids);
    pool.write(batch.targets, targets);
    pool.write(batch.before, before ?? ids.map((id, t) => t % length === 0 ? id : ids[t - 1]));
    pool.write(batch.tags, tags_T);
    return tags_T;
  }

  const planned = planPhases(device, course.phase(0), (recorder, phase) => {
    record(recorder, { numbers: { step: 1, rate: 0 }, phase, moveStates: true });
  });
  let steps = 0;
  let latest: StepLeft | undefined;
  return {
    parameters,
    states,
    get steps() {
      return steps;
    },
    set steps(made) {
      steps = made;
      memory.refresh();
    },
    step(host, update) {
      write(host);
      const phase = course.phase(steps);
      const recorder = createRecorder(planned.begin(phase));
      latest = record(recorder, { numbers: { ...update, step: ++steps }, phase, moveStates: true });
      recorder.submit();
    },
    async review() {
      const found = await course.review({
        ...{ device, pool, seed, step: steps, shapes: gating?.shapes ?? new Map(), states },
        parameter: (name) => parameters[name] && { ...parameters[name], ...moments[name] },
      });
      if (found) memory.refresh();
    },
    record(recorder) {
      const step = Math.max(1, steps);
      const phase = course.phase(step - 1);
      const told = { numbers: { step, rate: 0 }, phase, moveStates: false };
      latest = record({ ...recorder, pool: planned.begin(phase) }, told);
    },
    async last() {
      if (!latest) throw new RangeError("Cannot read a loss: no step was made");
      return await readStep(device, latest);
    },
    ...evaluatorOf(device, {
      ...{ gating, batch, tags, write },
      forward: (variant) => forward({ ...variant, step: steps }),
    }),
    tensors: () => ({
      ...Object.fromEntries(list.flatMap(({ name, value }) => [
        [`parameters.${name}`, value],
        [`m.${name}`, moments[name].m],
        [`v.${name}`, moments[name].v],
      ])),
      ...Object.fromEntries(Object.entries(states).map(([name, one]) => [`state.${name}`, one])),
    }),
    bytes: () => ({ state: pool.bytes(), step: planned.pool().bytes() }),
    close() {
      planned.pool().trim();
      constants.close();
      memory.release();
      pool.trim();
    },
  };
}
