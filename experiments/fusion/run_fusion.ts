/**
 * A run: the experts of each replicate, the fusers that learn from them, and what all ways make of
 * held-out text.
 *
 * @module
 */
import type { Corpus } from "../../core/train/data/corpus.ts";
import { branchTrainMerge } from "../../core/train/schemes/branch_train_merge.ts";
import type { WeightedModel } from "../../core/train/schemes/model_weights.ts";
import { fuserProgram } from "../../core/train/schemes/fuse.ts";
import { sizeOf } from "../../core/programs/program.ts";
import { adapterKey, type Device } from "../../kernels/mod.ts";
import type { StudyMemory } from "../bam/memory.ts";
import { dataSeed } from "../bam/phases.ts";
import type { StudyTraining } from "../bam/plan.ts";
import type { Progress } from "../define.ts";
import { examine } from "./examine.ts";
import { type NamedExpert, planExperts, readExperts, trainedExperts } from "./experts.ts";
import type { FusionFigures, ReplicateFigures } from "./figures.ts";
import { fuserWays } from "./fusers.ts";
import { type FusionValues, heldOutBatches, TRAINED } from "./parameters.ts";
import { openExperts } from "./said.ts";
import { trainFusers } from "./train_fusers.ts";

/** Where experts are fused. */
export interface FusionSite {
  /** The device. */
  device: Device;
  /** The text. */
  corpus: Corpus;
  /** What keeps the weights of experts that are trained here. */
  memory: StudyMemory;
  /** Seeds of the replicates. */
  seeds: readonly number[];
  /** Where the run stands. */
  progress: Progress;
  /** Ends the run between steps. */
  signal: AbortSignal;
}

/** Numbers of weights that are not what they were, bit by bit. */
function changedWeights(before: readonly WeightedModel[], after: readonly WeightedModel[]): number {
  let changed = 0;
  before.forEach(({ weights }, i) => {
    for (const [name, { data }] of Object.entries(weights)) {
      const now = after[i].weights[name].data;
      data.forEach((value, j) => changed += Object.is(value, now[j]) ? 0 : 1);
    }
  });
  return changed;
}

/** A replicate of experts that are there. */
async function replicateOf(
  models: readonly NamedExpert[],
  { device, corpus, progress, signal, seed, values }: Omit<FusionSite, "memory" | "seeds"> & {
    seed: number;
    values: FusionValues;
  },
): Promise<ReplicateFigures> {
  const experts = openExperts(device, models, values);
  const averaged = openExperts(device, [branchTrainMerge(models)], values);
  // Mixtures of the study read this text: no branch has.
  const at = { seed, dataSeed: dataSeed(seed, "mix"), corpus, experts, signal };
  try {
    const fusers = await trainFusers({ ...at, device, progress }, values);
    try {
      const step = () => progress.step("held-out text");
      const examined = await examine({ ...at, names: models, averaged, fusers, step }, values);
      return {
        ...{ seed, ...examined },
        fusers: fusers.map(({ way: { id }, losses }) => ({ id, losses })),
        changed: changedWeights(models, await experts.weights()),
      };
    } finally {
      fusers.forEach(({ trainer }) => trainer.close());
    }
  } finally {
    experts.close();
    averaged.close();
  }
}

/** Numbers that fusers are made of. */
function countParameters(
  { experts, vocabulary }: { experts: number; vocabulary: number },
  { hidden, sequences, length }: FusionValues,
): Record<string, number> {
  const tokens = sequences * length;
  return Object.fromEntries(fuserWays.map(({ id, sizes }) => {
    const own = sizes(experts);
    const { parameters } = fuserProgram({ experts, vocabulary, tokens, hidden, ...own });
    return [id, Object.values(parameters).reduce((sum, { shape }) => sum + sizeOf(shape), 0)];
  }));
}

/** Runs it, and gives the trainings of experts that it was made of. */
export async function runFusion(
  values: FusionValues,
  { device, corpus, memory, seeds, progress, signal }: FusionSite,
): Promise<{ figures: FusionFigures; plan: StudyTraining[] }> {
  const { models: folders, fuserSteps, known } = values;
  const here = folders.length === 1 && folders[0] === TRAINED;
  const read = here ? [] : await readExperts(folders, corpus);
  const told = { corpus, seeds, device: adapterKey(device.adapter) };
  const plan = here ? await planExperts(values, told) : [];
  const each = fuserSteps + known + corpus.domains.length * heldOutBatches(values);
  const training = plan.reduce((sum, { steps }) => sum + steps, 0);
  progress.start(training + seeds.length * each, "experts");
  try {
    const replicates: ReplicateFigures[] = [];
    let experts: readonly NamedExpert[] = read;
    for (const seed of seeds) {
      if (here) {
        const own = plan.filter((one) => one.seed === seed);
        experts = await trainedExperts(own, { corpus, device, memory, progress, signal });
      }
      replicates.push(
        await replicateOf(experts, { device, corpus, progress, signal, seed, values }),
      );
    }
    const { vocabulary } = corpus;
    return {
      plan,
      figures: {
        domains: [...corpus.domains],
        experts: experts.map(({ name }) => name),
        fuserParameters: countParameters({ experts: experts.length, vocabulary }, values),
        replicates,
      },
    };
  } finally {
    progress.stop();
  }
}
