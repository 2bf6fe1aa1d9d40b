/**
 * One training of a small program around one kind of experts: what is run, and what comes out of it, as
 * plain records.
 *
 * @module
 */
import { expertDecoder } from "../../core/experts/decoder.ts";
import { expertImages } from "../../core/experts/image.ts";
import { imageBatch } from "../../core/experts/image_data.ts";
import { type ExpertTask, trainExperts } from "../../core/experts/train.ts";
import type { ProgramBatch } from "../../core/programs/program.ts";
import type { Device } from "../../kernels/mod.ts";
import { type KindLanguage, languageBatch } from "./kind_language.ts";
import type { SizedKind } from "./kind_sizes.ts";

/** How long kinds are trained. */
export interface KindTraining {
  /** Steps. */
  steps: number;
  /** Highest learning rate. */
  rate: number;
  /** Held-out batches. */
  heldOut: number;
}

/** A training. */
export interface KindRun {
  /** The kind and its sizes. */
  kind: SizedKind;
  /** Seed of weights, noise and the order of the data. */
  seed: number;
  /** How long. */
  training: KindTraining;
}

/** What came out. */
export interface KindFigures {
  /** Loss of each step, losses of the gate among it. */
  losses: number[];
  /** Mean loss of each held-out sequence or image, nats; the same ones in every run. */
  heldOut_S: number[];
  /** Numbers that are trained. */
  parameters: number;
}

/** Seed of what is held out, and of the tasks: all runs share them. */
const SHARED = 1;

/** Letters of the language. */
export const LETTERS = 16;

/** The language of programs of a size. */
export const languageOf = ({ tags }: { tags: number }): KindLanguage => ({
  ...{ letters: LETTERS, domains: tags, seed: SHARED },
});

/** A task of the language. */
function textTask({ kind, seed, training }: KindRun): ExpertTask {
  const { recipe, sizes: { decoder } } = kind;
  const { sequences, length } = decoder;
  const language = languageOf(decoder);
  const batch = (name: string): ProgramBatch => ({
    ...languageBatch(language, { name, sequences, length }),
  });
  return {
    ...{ steps: training.steps, rate: training.rate, seed },
    program: () => expertDecoder(recipe, decoder, { steps: training.steps }),
    batch: (step) => batch(`training ${seed} ${step}`),
    heldOut: Array.from({ length: training.heldOut }, (_, i) => batch(`held out ${i}`)),
  };
}

/** A task of images. */
function imageTask({ kind, seed, training }: KindRun): ExpertTask {
  const { recipe, sizes: { image } } = kind;
  const task = { ...image, seed: SHARED };
  return {
    ...{ steps: training.steps, rate: training.rate, seed },
    program: (options) => expertImages(recipe, image, { steps: training.steps, ...options }),
    batch: (step) => ({ ...imageBatch(task, `training ${seed} ${step}`) }),
    heldOut: Array.from(
      { length: training.heldOut },
      (_, i) => ({ ...imageBatch(task, `held out ${i}`) }),
    ),
  };
}

/** What a run trains. */
export function taskOfKind(run: KindRun): ExpertTask {
  return run.kind.recipe.where === "image" ? imageTask(run) : textTask(run);
}

/** Means of `length` neighbours. */
function means(values: Float32Array, length: number): number[] {
  return Array.from(
    { length: values.length / length },
    (_, s) => values.subarray(s * length, (s + 1) * length).reduce((a, b) => a + b, 0) / length,
  );
}

/** Trains a run. */
export async function trainKind(
  device: Device,
  run: KindRun,
  { signal }: { signal?: AbortSignal } = {},
): Promise<KindFigures> {
  const { recipe, sizes } = run.kind;
  const task = taskOfKind(run);
  const { losses, heldOut } = await trainExperts(device, recipe, { ...task, signal });
  const length = recipe.where === "image" ? 1 : sizes.decoder.length;
  return {
    losses,
    heldOut_S: heldOut.flatMap(({ figures }) => means(figures.each, length)),
    parameters: Object.values(task.program().parameters)
      .reduce((sum, { shape: [rows, columns] }) => sum + rows * columns, 0),
  };
}
