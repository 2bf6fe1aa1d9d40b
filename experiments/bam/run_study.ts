/**
 * Runs a plan of the study: each training that was not done before, and its examination.
 *
 * @module
 */
import { trainModel, type TrainOptions } from "../../core/train/loop.ts";
import type { TrainingProgress } from "../../core/train/loop_options.ts";
import type { WeightedModel } from "../../core/train/schemes/model_weights.ts";
import type { Corpus } from "../../core/train/data/corpus.ts";
import type { Device } from "../../kernels/mod.ts";
import type { Progress } from "../define.ts";
import type { ModelFigures } from "./figures.ts";
import { makeModel } from "./make_model.ts";
import type { StudyMemory } from "./memory.ts";
import { type Examination, figuresOf } from "./model_figures.ts";
import type { StudyTraining } from "./plan.ts";

/** Where a plan is run. */
export interface StudySite {
  /** The device. */
  device: Device;
  /** The text of all domains. */
  corpus: Corpus;
  /** How much models are asked. */
  examination: Examination;
  /** What is kept. */
  memory: StudyMemory;
  /** Where the run stands, in steps of all trainings. */
  progress: Progress;
  /** Ends the run after the step under way, which is kept. */
  signal: AbortSignal;
  /** Says a line. */
  log(line: string): void;
}

/** Steps between checkpoints: what a kill may cost. */
const KEEP = 100;

/** What a training is called while it runs. */
export const labelOf = ({ row, size, seed }: StudyTraining): string =>
  [row.id, ...row.budget ? [row.budget] : [], size, `seed ${seed}`].join(", ");

/** Progress of one training within that of all: steps that a checkpoint had count as made. */
function progressWithin(progress: Progress, training: StudyTraining): TrainingProgress {
  const label = labelOf(training);
  return {
    start(left) {
      for (let made = left; made < training.steps; made++) progress.step(label);
    },
    step: (how) => progress.step(how === undefined ? undefined : `${label}: ${how}`),
    stop: () => {},
  };
}

/** Weights that a training begins with, made of those of its parents. */
async function beginnings(training: StudyTraining, site: StudySite): Promise<WeightedModel> {
  const parents: WeightedModel[] = [];
  for (const parent of training.parents) {
    if (!await site.memory.weights(parent)) await train(parent, site);
    parents.push((await site.memory.weights(parent))!);
  }
  const { row: { make }, dense, seed } = training;
  return makeModel(make, parents, { dense, seed });
}

/** Trains one, from its last checkpoint on, and keeps its weights. */
async function train(
  training: StudyTraining,
  site: StudySite,
  options: Pick<TrainOptions, "finished" | "progress"> = {},
): Promise<void> {
  const { id, seed, dataSeed, model, recipe, corpus, sequences, length } = training;
  const { steps, schedule } = training;
  const { weights } = await beginnings(training, site);
  await trainModel(site.device, {
    ...{ model, recipe, corpus, sequences, length, steps, schedule },
    ...{ seed: dataSeed, weightSeed: seed, begin: { id, weights }, signal: site.signal },
    optimiser: { decay: 0.1 },
    checkpoint: { path: site.memory.weightsPath(training), every: KEEP },
    ...options,
  });
}

/** Trains and examines one. */
async function examined(training: StudyTraining, site: StudySite): Promise<ModelFigures> {
  const { corpus, examination } = site;
  let figures: ModelFigures | undefined;
  await train(training, site, {
    progress: progressWithin(site.progress, training),
    async finished(trainer) {
      figures = await figuresOf(trainer, training, { corpus, examination });
    },
  });
  return figures!;
}

/**
 * Runs all of a plan, and gives the figures in its order. Weights that no other training needs are
 * removed once they are examined.
 */
export async function runStudy(
  plan: readonly StudyTraining[],
  site: StudySite,
): Promise<ModelFigures[]> {
  const { memory, progress, signal, log } = site;
  const needed = new Set(plan.flatMap(({ parents }) => parents));
  const found = new Map<StudyTraining, ModelFigures>();
  for (const training of plan) {
    const figures = await memory.figures(training);
    if (figures) found.set(training, figures);
  }
  if (found.size > 0) log(`${found.size} of ${plan.length} trainings are already done`);
  const left = plan.filter((training) => !found.has(training));
  progress.start(left.reduce((sum, { steps }) => sum + steps, 0), "the study");
  try {
    for (const training of left) {
      signal.throwIfAborted();
      const figures = await examined(training, site);
      await memory.keepFigures(training, figures);
      found.set(training, figures);
      if (!needed.has(training)) await memory.dropWeights(training);
    }
  } finally {
    progress.stop();
  }
  return plan.map((training) => found.get(training)!);
}
