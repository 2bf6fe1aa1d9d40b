/**
 * Experts in training: stretches of steps, and between them what some works do beside, such as learning
 * by turns or making weights static. A stretch begins with the values that the one before left; moments
 * of the optimiser begin anew.
 *
 * @module
 */
import type { Device } from "../../kernels/mod.ts";
import type { ModelProgram, ProgramBatch, ProgramValues } from "../programs/program.ts";
import { createProgramTrainer } from "../programs/program_trainer.ts";
import {
  type TrainedProgram,
  trainProgram,
  type TrainProgramOptions,
} from "../programs/train_program.ts";
import { rateAt } from "../train/schedule.ts";
import { impactOf, makeStatic, positionImpact } from "./impact.ts";
import type { ExpertRecipe, ExpertTraining } from "./recipe.ts";

/** What experts are trained for. */
export interface ExpertTask extends Pick<TrainProgramOptions, "steps" | "seed" | "batch"> {
  /** The model; `attacked` as {@linkcode expertImages} has it. */
  program(options?: { attacked?: boolean }): ModelProgram;
  /** Highest learning rate, after a tenth of the steps. */
  rate: number;
  /** Batches that the trained program is then run on, without learning. */
  heldOut?: readonly ProgramBatch[];
  /** Aborted where the training is to stop. */
  signal?: AbortSignal;
}

/** Some steps with the same parameters in training. */
interface Stretch {
  from: number;
  to: number;
  frozen?: (name: string) => boolean;
}

type Between = (
  task: ExpertTask & { device: Device },
  values: ProgramValues,
  at: Stretch,
) => Promise<ProgramValues>;

interface Procedure {
  stretches: Stretch[];
  /** What becomes of values before a stretch. */
  between: Between;
  /** The batch of a step, for a model with values. */
  batch(
    task: ExpertTask & { device: Device },
    values: ProgramValues | undefined,
    step: number,
  ): Promise<ProgramBatch>;
}

const cut = (steps: number, length: number): Stretch[] =>
  Array.from({ length: Math.ceil(steps / length) }, (_, i) => ({
    from: i * length,
    to: Math.min(steps, (i + 1) * length),
  }));

const isGate = (name: string) => /(^|\.)gate\./.test(name);

/** Images that a step against the model moved: one of AdamW from 0 moves by the sign of the gradient. */
async function attackedBatch(
  { device, program, batch, seed }: ExpertTask & { device: Device },
  { values, step, strength }: { values?: ProgramValues; step: number; strength: number },
): Promise<ProgramBatch> {
  const clean = batch(step);
  const trainer = createProgramTrainer(device, program({ attacked: true }), {
    ...{ seed, values, frozen: (name) => name !== "moved" },
  });
  try {
    trainer.step(clean, { rate: strength });
    const { moved } = await trainer.values();
    return { ...clean, pixels: Float32Array.from(clean.pixels, (v, i) => v + moved[i]) };
  } finally {
    trainer.close();
  }
}

const same: Between = (_, values) => Promise.resolve(values);

/** Makes positions static, in equal parts until two thirds of the training are over. */
function staticBetween({ share }: Extract<ExpertTraining, { kind: "partial" }>): Between {
  return async (task, values, { from }) => {
    const { device, steps, batch, seed } = task;
    const program = task.program();
    const masks = Object.keys(program.states ?? {}).filter((name) => name.endsWith("_dynamic"));
    const names = masks.map((name) => name.replace(/_dynamic$/, ""));
    const impact = await impactOf(device, program, { names, values, batch: batch(from), seed });
    const now = share * Math.min(1, from / (steps * 2 / 3));
    const changed = masks.map((mask, i): [string, Float32Array] => {
      const { shape } = program.states![mask];
      const down = names[i].endsWith("down");
      const [rows, columns] = program.parameters[names[i]].shape;
      const experts = down ? rows / shape[0] : columns / shape[1];
      const ofPositions = positionImpact(impact[names[i]], { experts, shape, down });
      return [mask, makeStatic(values[mask], ofPositions, { share: now })];
    });
    return { ...values, ...Object.fromEntries(changed) };
  };
}

function procedureOf(training: ExpertTraining, steps: number): Procedure {
  if (training.kind === "partial") {
    return {
      stretches: cut(steps, training.every),
      between: staticBetween(training),
      batch: ({ batch }, _, step) => Promise.resolve(batch(step)),
    };
  }
  const { turn, strength } = training;
  return {
    stretches: cut(steps, turn).map((one, i) => ({
      ...one,
      frozen: i % 2 === 0 ? isGate : (name) => !isGate(name),
    })),
    between: same,
    batch: (task, values, step) => attackedBatch(task, { values, step, strength }),
  };
}

/**
 * Trains experts as their recipe says.
 *
 * @throws {RangeError} where a loss is not finite.
 */
export async function trainExperts(
  device: Device,
  recipe: ExpertRecipe,
  task: ExpertTask,
): Promise<TrainedProgram> {
  const { steps, seed, rate, heldOut = [], signal } = task;
  const schedule = { peak: rate, warmup: Math.floor(steps / 10) };
  const optimiser = { decay: 0.1 };
  const { training } = recipe;
  if (!training) {
    const options = { ...task, schedule, optimiser };
    return await trainProgram(device, task.program(), options);
  }
  const procedure = procedureOf(training, steps);
  const site = { ...task, device };
  const losses: number[] = [];
  let values: Record<string, Float32Array> | undefined;
  for (const stretch of procedure.stretches) {
    const begin = values && await procedure.between(site, values, stretch);
    const trainer = createProgramTrainer(device, task.program(), {
      ...{ seed, values: begin, frozen: stretch.frozen },
    });
    try {
      for (let step = stretch.from; step < stretch.to; step++) {
        const batch = await procedure.batch(site, begin, step);
        trainer.step(batch, { ...optimiser, rate: rateAt(schedule, { step, steps }) });
      }
      losses.push(...await trainer.losses());
      values = await trainer.values();
    } finally {
      trainer.close();
    }
    signal?.throwIfAborted();
  }
  const wrong = losses.findIndex((loss) => !Number.isFinite(loss));
  if (wrong >= 0) throw new RangeError(`Trained to a loss of ${losses[wrong]} in step ${wrong}`);
  return { losses, values: values!, heldOut: await evaluate(site, values!, heldOut) };
}

/** What the trained model gives on batches. */
async function evaluate(
  { device, program, seed }: ExpertTask & { device: Device },
  values: ProgramValues,
  batches: readonly ProgramBatch[],
): Promise<TrainedProgram["heldOut"]> {
  const trainer = createProgramTrainer(device, program(), { seed, values });
  try {
    const found: TrainedProgram["heldOut"] = [];
    for (const batch of batches) found.push(await trainer.run(batch));
    return found;
  } finally {
    trainer.close();
  }
}
