/**
 * All figures of a trained model of the study.
 *
 * @module
 */
import { batchOf, type Corpus } from "../../core/train/data/corpus.ts";
import type { Trainer } from "../../core/train/trainer.ts";
import { parameters } from "../../core/spec/params.ts";
import { median } from "../../kernels/base/estimate.ts";
import { now } from "../../kernels/mod.ts";
import { trainingFlops } from "./budget.ts";
import type { ModelFigures, TaskFigures } from "./figures.ts";
import { evaluateDomain } from "./held_out.ts";
import type { StudyTraining } from "./plan.ts";
import { askCloze } from "./tasks/cloze.ts";
import { askExact } from "./tasks/exact.ts";

/** How much a model is asked. */
export interface Examination {
  /** Batches of held-out text of each domain. */
  batches: number;
  /** Questions of "cloze" of each domain. */
  cloze: number;
  /** Texts of "exact" of each domain. */
  exact: number;
}

/** Stretches of steps between two waits that are timed, after one that is not; steps of each. */
const timed = { stretches: 7, steps: 4 } as const;

/** Median seconds of a step, of steps on the text of a training at a rate of 0. */
async function timeSteps(trainer: Trainer, training: StudyTraining): Promise<number> {
  const { corpus, sequences, length, dataSeed: seed } = training;
  const seconds: number[] = [];
  for (let stretch = 0; stretch <= timed.stretches; stretch++) {
    const batches = Array.from(
      { length: timed.steps },
      (_, i) => batchOf(corpus, { sequences, length, seed, step: stretch * timed.steps + i }),
    );
    const begun = now();
    for (const batch of batches) trainer.step(batch, { rate: 0 });
    await trainer.last();
    if (stretch > 0) seconds.push((now() - begun) / 1000 / timed.steps);
  }
  return median(seconds).value;
}

/** Examines a trained model. Its weights must be kept by now: gates may move their states. */
export async function figuresOf(
  trainer: Trainer,
  training: StudyTraining,
  { corpus, examination }: { corpus: Corpus; examination: Examination },
): Promise<ModelFigures> {
  const { row, size, seed, phase, model, steps, sequences, length } = training;
  const { batches, cloze, exact } = examination;
  const told = { sequences, length, seed };
  const domains: ModelFigures["domains"] = [];
  const shares: number[][] = [];
  const tasks: TaskFigures[] = [];
  for (const domain of corpus.domains.keys()) {
    const found = await evaluateDomain(trainer, corpus, { ...told, batches, domain });
    domains.push(found.figures);
    if (found.shares) shares.push(found.shares);
    tasks.push(await askCloze(trainer, corpus, { ...told, count: cloze, domain }));
    const answered = await askExact(trainer, corpus, { ...told, count: exact, domain });
    if (answered) tasks.push(answered);
  }
  const tokens = steps * sequences * length;
  const { total, active } = parameters(model);
  const { state, step } = trainer.bytes();
  return {
    ...{ row: row.id, size, seed, phase, ...row.budget && { budget: row.budget }, steps, tokens },
    flops: tokens * trainingFlops(model, { length }),
    stepSeconds: await timeSteps(trainer, training),
    bytes: state.peak + step.peak,
    parameters: { total, active },
    ...{ domains, tasks, ...shares.length > 0 && { shares } },
  };
}
