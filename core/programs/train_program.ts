/**
 * A program trained from its beginning, and a program run once.
 *
 * @module
 */
import type { AdamwNumbers, Device } from "../../kernels/mod.ts";
import { rateAt, type RateSchedule } from "../train/schedule.ts";
import type { ModelProgram, ProgramBatch } from "./program.ts";
import {
  createProgramTrainer,
  type ProgramFigures,
  type ProgramTrainerOptions,
} from "./program_trainer.ts";

/** How a program is trained. */
export interface TrainProgramOptions extends ProgramTrainerOptions {
  /** Steps in all. */
  steps: number;
  /** The batch of a step, counted from 0. */
  batch: (step: number) => ProgramBatch;
  /** Learning rates; a constant 3e-3 where absent. */
  schedule?: RateSchedule;
  /** Numbers of AdamW beside the rate. */
  optimiser?: Omit<AdamwNumbers, "step" | "rate">;
  /** Batches that the trained program is then run on, without learning. */
  heldOut?: readonly ProgramBatch[];
  /** Aborted where the training is to stop: its reason is thrown. */
  signal?: AbortSignal;
}

/** What a training gave. */
export interface TrainedProgram {
  /** The loss of each step. */
  losses: number[];
  /** What the trained program gave on each held-out batch. */
  heldOut: ProgramFigures[];
  /** Values of parameters and states, by name. */
  values: Record<string, Float32Array>;
}

/** Losses are read in stretches: a wait costs about 11 ms. */
const STRETCH = 64;

/**
 * Trains a program from its beginning.
 *
 * @throws {RangeError} where a loss is not finite: it names the step.
 *
 * @example
 * ```ts
 * import { type ModelProgram, trainProgram } from "@moelab/moelab/core";
 * import { openDevice } from "@moelab/moelab/kernels";
 * import { assertLess } from "@std/assert";
 *
 * const line: ModelProgram = {
 *   parameters: { slope: { shape: [1, 1], init: "zeros" } },
 *   matrices: { x: [2, 1] },
 *   loss(g, { w, x }) {
 *     const off = g.map("subtract", g.product(x.x, w.slope), x.x);
 *     return { loss: g.total(g.map("square", off)) };
 *   },
 * };
 * const device = await openDevice();
 * const batch = () => ({ x: [1, 2] });
 * const { losses } = await trainProgram(device, line, { seed: 1, steps: 20, batch });
 * device.close();
 * assertLess(losses[19], losses[0]);
 * ```
 */
export async function trainProgram(
  device: Device,
  program: ModelProgram,
  options: TrainProgramOptions,
): Promise<TrainedProgram> {
  const { steps, batch, optimiser, heldOut = [], signal } = options;
  const { schedule = { peak: 3e-3, shape: "constant" } } = options;
  const trainer = createProgramTrainer(device, program, options);
  try {
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      trainer.step(batch(step), { ...optimiser, rate: rateAt(schedule, { step, steps }) });
      if ((step + 1) % STRETCH !== 0 && step + 1 < steps) continue;
      losses.push(...await trainer.losses());
      const wrong = losses.findIndex((loss) => !Number.isFinite(loss));
      if (wrong >= 0) {
        throw new RangeError(`Trained to a loss of ${losses[wrong]} in step ${wrong}`);
      }
      signal?.throwIfAborted();
    }
    const found: ProgramFigures[] = [];
    for (const one of heldOut) found.push(await trainer.run(one));
    return { losses, heldOut: found, values: await trainer.values() };
  } finally {
    trainer.close();
  }
}

/** Runs a program once on a batch, without learning; parameters have `values`, or begin. */
export async function runProgram(
  device: Device,
  program: ModelProgram,
  options: ProgramTrainerOptions & { batch: ProgramBatch },
): Promise<ProgramFigures> {
  const trainer = createProgramTrainer(device, program, options);
  try {
    return await trainer.run(options.batch);
  } finally {
    trainer.close();
  }
}
