/**
 * Programs in training: each step is submitted in one piece and nothing is awaited; from the second
 * step on everything runs in the same planned memory.
 *
 * @module
 */
import {
  type AdamwNumbers,
  createPool,
  createRecorder,
  type Device,
  download,
  guessedKernels,
  type KernelChoice,
  planStep,
  type Recorder,
  type Tensor,
} from "../../kernels/mod.ts";
import { deviceArrays } from "../arrays/device_arrays.ts";
import { createConstants } from "../arrays/device_constants.ts";
import type { Tape } from "../nn/tape.ts";
import type { ModelProgram, ProgramBatch, ProgramValues } from "./program.ts";
import { createProgramMemory } from "./program_memory.ts";
import { type ProgramLeft, recordProgramPass, recordProgramStep } from "./record_program.ts";

/** What a trainer of a program is made of. */
export interface ProgramTrainerOptions {
  /** Seed of first values and of noise. */
  seed: number;
  /** Values that parameters and states begin with, in place of their own; by name. */
  values?: ProgramValues;
  /** Whether a parameter is left as it is: no gradient of it is computed. None is where absent. */
  frozen?: (name: string) => boolean;
  /** Norm that the gradients are clipped to, all together; 1 where absent. */
  maxNorm?: number;
  /** Kernel variants; the device's first candidates where absent. */
  kernels?: KernelChoice;
}

/** What a pass gave, on the host. */
export interface ProgramFigures {
  /** The loss. */
  loss: number;
  /** Figures by name, row by row. */
  figures: Record<string, Float32Array>;
}

/** A program in training. */
export interface ProgramTrainer {
  /** Steps that were made. */
  readonly steps: number;
  /** Submits a step and does not wait. */
  step(batch: ProgramBatch, update: Omit<AdamwNumbers, "step">): void;
  /** Waits for the losses of all steps since the last call, in their order. */
  losses(): Promise<number[]>;
  /** Waits for the last step: its loss, the norm of its gradients, and its figures. */
  last(): Promise<ProgramFigures & { norm: number }>;
  /** Waits for a pass that does not learn. */
  run(batch: ProgramBatch): Promise<ProgramFigures>;
  /** Waits for the values of all parameters and states, by name. */
  values(): Promise<Record<string, Float32Array>>;
  /** The most bytes that a step has in use. */
  stepBytes(): number;
  /** Gives all memory back. */
  close(): void;
}

const named = <T>(names: readonly string[], values: readonly T[]) =>
  Object.fromEntries(names.map((name, i): [string, T] => [name, values[i]]));

/** Waits for what a pass left; its norm is 0 where it did not learn. */
async function read(
  device: Device,
  { loss, figures, norm }: ProgramLeft,
): Promise<ProgramFigures & { norm: number }> {
  const names = Object.keys(figures);
  const all = [loss, norm ?? loss, ...names.map((name) => figures[name])];
  const [[lossNow], [normNow], ...others] = await download(device, all);
  return { loss: lossNow, norm: norm ? normNow : 0, figures: named(names, others) };
}

/**
 * Makes a trainer of a program.
 *
 * @example A line through points
 * ```ts
 * import { createProgramTrainer, type ModelProgram } from "@moelab/moelab/core";
 * import { openDevice } from "@moelab/moelab/kernels";
 * import { assertLess } from "@std/assert";
 *
 * const line: ModelProgram = {
 *   parameters: { slope: { shape: [1, 1], init: "zeros" } },
 *   matrices: { x: [4, 1], y: [4, 1] },
 *   loss(g, { w, x }) {
 *     const off = g.map("subtract", g.product(x.x, w.slope), x.y);
 *     return { loss: g.total(g.map("square", off)) };
 *   },
 * };
 * const device = await openDevice();
 * const trainer = createProgramTrainer(device, line, { seed: 1 });
 * const batch = { x: [1, 2, 3, 4], y: [2, 4, 6, 8] };
 * for (let step = 0; step < 40; step++) trainer.step(batch, { rate: 0.1 });
 * const { slope } = await trainer.values();
 * trainer.close();
 * device.close();
 * assertLess(Math.abs(slope[0] - 2), 0.2);
 * ```
 */
export function createProgramTrainer(
  device: Device,
  program: ModelProgram,
  options: ProgramTrainerOptions,
): ProgramTrainer {
  const { seed, maxNorm = 1, kernels = guessedKernels(device) } = options;
  const pool = createPool(device);
  const memory = createProgramMemory(pool, program, options);
  const constants = createConstants(device);
  const site = { program, memory };
  const arraysAt = (step: number) => (tape: Tape) =>
    deviceArrays(tape, { kernels, seed, step, constants });
  const record = (recorder: Recorder, numbers: AdamwNumbers, kept?: Tensor) =>
    recordProgramStep(recorder, site, {
      ...{ arrays: arraysAt(numbers.step - 1), numbers, maxNorm, kept },
    });
  let planned: ReturnType<typeof planStep> | undefined;
  let steps = 0;
  let latest: ProgramLeft | undefined;
  let unread: Tensor[] = [];
  return {
    get steps() {
      return steps;
    },
    step(batch, update) {
      memory.write(batch);
      planned ??= planStep(device, (recorder) => record(recorder, { step: 1, rate: 0 }));
      planned.restart();
      const recorder = createRecorder(planned);
      const kept = pool.tensor("kept loss", [1, 1]);
      unread.push(kept);
      latest = record(recorder, { ...update, step: ++steps }, kept);
      recorder.submit();
    },
    async losses() {
      const kept = unread;
      unread = [];
      const values = await download(device, kept);
      pool.release(...kept);
      return values.map(([loss]) => loss);
    },
    async last() {
      if (!latest) throw new RangeError("Cannot read a loss: no step was made");
      return await read(device, latest);
    },
    async run(batch) {
      memory.write(batch);
      const recorder = createRecorder(pool);
      const left = recordProgramPass(recorder, site, { arrays: arraysAt(steps) });
      recorder.submit();
      const { loss, figures } = await read(device, left);
      pool.release(left.loss, ...Object.values(left.figures));
      return { loss, figures };
    },
    async values() {
      const all: Record<string, Tensor> = { ...memory.states };
      for (const [name, { variable }] of Object.entries(memory.parameters)) {
        all[name] = variable.value;
      }
      return named(Object.keys(all), await download(device, Object.values(all)));
    },
    stepBytes: () => planned?.bytes().peak ?? 0,
    close() {
      planned?.trim();
      constants.close();
      memory.release();
      pool.release(...unread);
      pool.trim();
    },
  };
}
