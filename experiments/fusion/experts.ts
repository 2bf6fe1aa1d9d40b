/**
 * The models that are fused: a seed and its branches, trained here as the study of Branch-Attend-Mix trains
 * them, or models in folders.
 *
 * @module
 */
import { trainModel } from "../../core/train/loop.ts";
import type { TrainingProgress } from "../../core/train/loop_options.ts";
import type { Corpus } from "../../core/train/data/corpus.ts";
import { checkAlike, type WeightedModel } from "../../core/train/schemes/model_weights.ts";
import { UserError } from "../../kernels/base/errors.ts";
import type { Device } from "../../kernels/mod.ts";
import { makeModel } from "../bam/make_model.ts";
import type { StudyMemory } from "../bam/memory.ts";
import { planStudy, type StudyTraining } from "../bam/plan.ts";
import { studyRows } from "../bam/rows.ts";
import { checkTrained } from "../upcycle/forward.ts";
import { openSource } from "../upcycle/source.ts";
import type { FusionValues } from "./parameters.ts";

/** An expert with its name. */
export interface NamedExpert extends WeightedModel {
  /** As tables name it. */
  name: string;
}

/** Where experts are made. */
export interface ExpertSite {
  /** The device. */
  device: Device;
  /** What keeps weights, so that a run that was stopped goes on. */
  memory: Pick<StudyMemory, "weights" | "weightsPath">;
  /** Told of every step. */
  progress: TrainingProgress;
  /** Ends the training under way. */
  signal: AbortSignal;
}

/** The trainings of the seed model and its branches, by replicate. */
export function planExperts(
  values: FusionValues,
  options: { corpus: Corpus; seeds: readonly number[]; device: string },
): Promise<StudyTraining[]> {
  const { layers, dModel, seedSteps, branchSteps, rate, stray, sequences, length } = values;
  const steps = { seed: seedSteps, branch: branchSteps, mix: branchSteps };
  return planStudy({
    sizes: [{
      ...{ size: "small", numbers: { layers, dModel } },
      phases: { steps, rate, mixRate: 1 },
    }],
    rows: studyRows.filter(({ make: { kind } }) => kind === "seed" || kind === "branch"),
    ...{ ...options, stray, sequences, length },
  });
}

/** What a training's expert is called. */
const nameOf = ({ row: { make } }: StudyTraining, { domains }: Pick<Corpus, "domains">) =>
  make.kind === "branch" ? `branch of ${domains[make.domain]}` : "seed model";

/** Trains one, or finds it trained. */
async function trained(training: StudyTraining, site: ExpertSite): Promise<WeightedModel> {
  const { id, row, dense, seed, dataSeed, model, corpus, sequences, length } = training;
  const { steps, schedule, parents } = training;
  const { memory, device, signal, progress } = site;
  const found = await memory.weights(training);
  if (found) {
    for (let step = 0; step < steps; step++) progress.step();
    return found;
  }
  const sources = await Promise.all(parents.map((parent) => memory.weights(parent)));
  const { weights } = makeModel(row.make, sources.map((one) => one!), { dense, seed });
  await trainModel(device, {
    ...{ model, corpus, sequences, length, steps, schedule, seed: dataSeed, weightSeed: seed },
    ...{ begin: { id, weights }, optimiser: { decay: 0.1 }, signal },
    checkpoint: { path: memory.weightsPath(training), every: steps },
    progress: { start: () => {}, step: (how) => progress.step(how), stop: () => {} },
  });
  return (await memory.weights(training))!;
}

/** The experts of a replicate, the seed model first. */
export async function trainedExperts(
  plan: readonly StudyTraining[],
  { corpus, ...site }: ExpertSite & { corpus: Corpus },
): Promise<NamedExpert[]> {
  const experts: NamedExpert[] = [];
  for (const training of plan) {
    site.signal.throwIfAborted();
    experts.push({ ...await trained(training, site), name: nameOf(training, corpus) });
  }
  return experts;
}

/**
 * Models in folders, which read the text's tokens.
 *
 * @throws {UserError} where one has experts of its own, another vocabulary than the text, other sizes than
 * the first, or constants that the trainer, which runs it, has not.
 */
export async function readExperts(
  folders: readonly string[],
  { vocabulary }: Pick<Corpus, "vocabulary">,
): Promise<NamedExpert[]> {
  const experts: NamedExpert[] = [];
  for (const folder of folders) {
    const source = await openSource(folder);
    try {
      const { model } = source;
      const wrong = (found: string, wanted: string) =>
        new UserError(`Cannot fuse ${folder}: found ${found}, wanted ${wanted}`);
      if (model.moe) throw wrong("a model with experts", "a dense model");
      if (model.embedding.vocab !== vocabulary) {
        throw wrong(
          `a vocabulary of ${model.embedding.vocab}`,
          `one of ${vocabulary}, as the text has`,
        );
      }
      checkTrained(source, `Cannot fuse ${folder}: its predictions are the trainer's`);
      experts.push({ ...await source.read(), name: folder });
    } finally {
      source.close();
    }
  }
  checkAlike(experts);
  return experts;
}
