/**
 * Trains a model from its description: {@linkcode trainModel}.
 *
 * @module
 */
import {
  adapterKey,
  choiceWords,
  type Device,
  guessedKernels,
  type KernelChoice,
  parseChoice,
  UserError,
} from "../../kernels/mod.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import type { Model } from "../spec/model.ts";
import { type Json, openCheckpoint } from "./checkpoint.ts";
import { type LoopOptions, toldOf, type TrainingLog } from "./loop_options.ts";
import type { HostWeights } from "./schemes/model_weights.ts";
import { writeWeights } from "./schemes/on_device.ts";
import { runTraining } from "./steps.ts";
import { createTrainer, type Trainer } from "./trainer.ts";

/** What a training is told. */
export interface TrainOptions extends LoopOptions {
  /** The description. */
  model: Model;
  /** The gate of the layers with experts; the description's own where absent. */
  recipe?: GateRecipe;
  /** Seed of the weights; that of the data where absent. */
  weightSeed?: number;
  /** Norm that the gradients are clipped to, all together; 1 where absent. */
  maxNorm?: number;
  /** Kernel variants; the device's first candidates where absent, a checkpoint's where there is one. */
  kernels?: KernelChoice;
  /** Whether blocks are computed again in the backward pass: less memory, the same results. */
  recompute?: boolean;
  /** Storage of activations and of the weights that products read. */
  storage?: "f32" | "f16";
  /**
   * Weights to begin with, of the model or of all of it but its routers; new ones of the seed where
   * absent. Checkpoints compare `id`, which says what they are.
   */
  begin?: { id: string; weights: HostWeights };
  /** Weights that stay as they are, by their names in the model; none where absent. */
  frozen?: (name: string) => boolean;
  /** Looks at the trained model before it is closed. */
  finished?: (trainer: Trainer) => Promise<void>;
}

/** What a training gave. */
export interface Trained extends TrainingLog {
  /** Tokens a second, kernels being compiled left out; null where there was too little to tell. */
  tokensPerSecond: number | null;
  /** Steps that a checkpoint had. */
  resumedFrom: number;
  /** Memory of the trainer. */
  bytes: ReturnType<Trainer["bytes"]>;
}

/** JSON of a value that may have fields that are undefined. */
const jsonOf = (value: unknown) => JSON.parse(JSON.stringify(value ?? null)) as Json;

/**
 * Trains a model, and goes on where a checkpoint at the path given has stopped.
 *
 * @throws {UserError} where the model cannot be run, the checkpoint is of another training, or a
 * loss is not finite: it names the step and the layer.
 *
 * @example Loss falls on a language of two domains
 * ```ts
 * import { openDevice } from "@moelab/moelab/kernels";
 * import { modelPreset, syntheticCorpus, trainModel } from "@moelab/moelab/core";
 * import { assertLess } from "@std/assert";
 *
 * const device = await openDevice();
 * const { losses } = await trainModel(device, {
 *   model: { ...modelPreset("tiny"), layers: 1 },
 *   corpus: syntheticCorpus({ domains: 2 }),
 *   ...{ sequences: 4, length: 32, seed: 1, steps: 20 },
 *   schedule: { peak: 3e-3, warmup: 5 },
 * });
 * device.close();
 * assertLess(losses.at(-1)!.loss, losses[0].loss);
 * ```
 */
export async function trainModel(device: Device, options: TrainOptions): Promise<Trained> {
  const { model, recipe, weightSeed = options.seed, maxNorm = 1, storage = "f32" } = options;
  const { corpus, objective = "next", sequences, length, checkpoint, store } = options;
  const { begin, frozen, finished } = options;
  if (model.embedding.vocab < corpus.vocabulary) {
    throw new UserError(
      `Cannot train ${model.id} on ${corpus.id}: found a vocabulary of ${model.embedding.vocab}, ` +
        `wanted ${corpus.vocabulary} or more`,
    );
  }
  const adapter = adapterKey(device.adapter);
  const from = checkpoint && await openCheckpoint(checkpoint.path, { store });
  try {
    const kernels = from?.adapter === adapter
      ? parseChoice(from.kernels)
      : options.kernels ?? guessedKernels(device);
    const trainer = createTrainer(device, model, {
      ...{ sequences, length, seed: weightSeed, recipe, maxNorm, kernels, storage },
      ...{ recompute: options.recompute, stepsTotal: options.steps },
      ...{ causal: objective === "next", tags: corpus.domains.length, frozen },
    });
    try {
      const { sources: _, ...described } = model;
      const facts = {
        told: {
          ...toldOf(options),
          ...{ weightSeed, maxNorm, storage, model: jsonOf(described), recipe: jsonOf(recipe) },
          ...begin && { begin: begin.id },
          ...frozen && { frozen: Object.keys(trainer.parameters).filter(frozen) },
        },
        ...{ adapter, kernels: choiceWords(kernels) },
      };
      if (begin && !from) writeWeights(device, trainer, { model, weights: begin.weights });
      const trained = await runTraining(trainer, options, {
        device,
        facts,
        from,
      });
      await finished?.(trainer);
      return { ...trained, resumedFrom: from?.steps ?? 0, bytes: trainer.bytes() };
    } finally {
      trainer.close();
    }
  } finally {
    from?.file.close();
  }
}
