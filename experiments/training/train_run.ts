/**
 * A training of one small model on the device, and its evaluation.
 *
 * Steps are only submitted; a wait costs 11 ms, so that the loss is read at a few steps alone.
 *
 * @module
 */
import type { Corpus } from "../../core/train/data/corpus.ts";
import { runTraining } from "../../core/train/steps.ts";
import { createTrainer, type Trainer } from "../../core/train/trainer.ts";
import {
  adapterKey,
  choiceWords,
  createPool,
  type Device,
  guessedKernels,
  type KernelChoice,
  now,
} from "../../kernels/mod.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { evaluateHeldOut } from "./held_out.ts";
import type { RouterFigures, RouterRun, RunOutcome } from "./router_run.ts";

/** Where runs are trained. */
export interface TrainSite {
  /** The device. */
  device: Device;
  /** Kernel variants; the device's first candidates where absent. */
  kernels?: KernelChoice;
  /** The text. */
  corpus: Corpus;
  /** Throws its reason between two waits. */
  signal: AbortSignal;
}

/** How often the loss is read. */
const READS = 8;

/** Trains a run; a run that cannot be made is an outcome too. */
export async function trainRun(run: RouterRun, site: TrainSite): Promise<RunOutcome> {
  try {
    return { figures: await train(run, site) };
  } catch (error) {
    if (error instanceof UserError) return { refused: error.message };
    throw error;
  }
}

async function train(run: RouterRun, site: TrainSite): Promise<RouterFigures> {
  const { recipe, model, objective, seed, training } = run;
  const { device, corpus, kernels = guessedKernels(device) } = site;
  const { sequences, length, steps, domains } = training;
  const trainer = createTrainer(device, model, {
    ...{ sequences, length, seed, recipe, kernels, tags: domains, stepsTotal: steps },
    causal: objective === "next",
  });
  try {
    if (run.collapsed) collapse(device, trainer, run.collapsed);
    const before = run.collapsed && await evaluateHeldOut(trainer, corpus, {
      ...{ objective, training: { ...training, heldOut: 1 } },
    });
    const course = await follow(trainer, run, site);
    return {
      ...course,
      ...(before && { start: before.layers }),
      ...await evaluateHeldOut(trainer, corpus, { objective, training }),
      bytes: { state: trainer.bytes().state.peak, step: trainer.bytes().step.peak },
      parameters: Object.values(trainer.parameters)
        .reduce((sum, { value }) => sum + value.shape.reduce((a, b) => a * b), 0),
      kernels: choiceWords(kernels),
    };
  } finally {
    trainer.close();
  }
}

/** All steps of a run: losses at some of them, and the seconds of a step between two waits. */
async function follow(
  trainer: Trainer,
  { objective, seed, training }: RouterRun,
  { device, corpus, signal, kernels = guessedKernels(device) }: TrainSite,
): Promise<Pick<RouterFigures, "losses" | "stepSeconds">> {
  const { sequences, length, steps, rate } = training;
  const read = Math.max(1, Math.ceil(steps / READS));
  const waits: number[] = [];
  const watched: Trainer = Object.assign(Object.create(trainer) as Trainer, {
    async last() {
      const found = await trainer.last();
      waits.push(now());
      return found;
    },
  });
  const { losses } = await runTraining(watched, {
    ...{ corpus, objective, sequences, length, seed, steps, read, signal },
    schedule: { peak: rate, warmup: Math.floor(steps / 10) },
    optimiser: { decay: 0.1 },
  }, {
    device,
    facts: { told: {}, adapter: adapterKey(device.adapter), kernels: choiceWords(kernels) },
  });
  return {
    losses: losses.map(({ step, loss }) => ({ step, loss })),
    // What comes before the first wait holds the compilation of kernels.
    stepSeconds: losses.slice(1).map(({ step }, i) =>
      (waits[i + 1] - waits[i]) / 1000 / (step - losses[i].step)
    ),
  };
}

/** Moves the biases of a router's first experts, so that all tokens begin there. */
function collapse(
  device: Device,
  trainer: Trainer,
  { experts, bias }: NonNullable<RouterRun["collapsed"]>,
): void {
  const pool = createPool(device);
  for (const { name, value } of Object.values(trainer.parameters)) {
    if (!/\.gate\.router_bias$/.test(name)) continue;
    const [, columns] = value.shape;
    pool.write(value, Float32Array.from({ length: columns }, (_, e) => e < experts ? bias : 0));
  }
}
