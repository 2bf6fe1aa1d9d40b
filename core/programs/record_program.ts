/**
 * One training step of a program: loss and gradients, their common norm, an update of every parameter
 * that a gradient came to, and new states.
 *
 * @module
 */
import {
  adamw,
  type AdamwNumbers,
  clipOf,
  copyTensor,
  mapRecipes,
  mapTensors,
  type Recorder,
  type Tensor,
} from "../../kernels/mod.ts";
import { type DeviceArrays, lossGradient } from "../arrays/device_arrays.ts";
import { createTape, type Tape, type Variable } from "../nn/tape.ts";
import type { ModelProgram, ProgramOutput } from "./program.ts";
import type { ProgramMemory } from "./program_memory.ts";

/** What a pass leaves on the device. */
export interface ProgramLeft {
  /** The loss, f32 [1, 1]. */
  loss: Tensor;
  /** Figures by name. */
  figures: Record<string, Tensor>;
  /** Norm of all gradients before clipping, f32 [1]; absent where nothing was trained. */
  norm?: Tensor;
}

/** What recording a step needs. */
export interface RecordProgramOptions {
  /** The language on a tape. */
  arrays: (tape: Tape) => DeviceArrays;
  /** Numbers of the update. */
  numbers: AdamwNumbers;
  /** Norm that the gradients are clipped to, all together. */
  maxNorm: number;
  /** Gets a copy of the loss, where one is kept. */
  kept?: Tensor;
}

const copies = (recorder: Recorder, all: Readonly<Record<string, { value: Tensor }>>) =>
  Object.fromEntries(
    Object.entries(all).map(([name, { value }]) => [
      name,
      copyTensor(recorder, value, { label: name }),
    ]),
  );

/** Copies of what outlives the tape. */
const leftBy = (recorder: Recorder, { loss, figures }: ProgramOutput<Variable>): ProgramLeft => ({
  loss: copyTensor(recorder, loss.value, { label: "loss" }),
  figures: copies(recorder, figures ?? {}),
});

/**
 * Records a training step.
 *
 * @throws {RangeError} where no parameter that is trained has an effect on the loss.
 */
export function recordProgramStep(
  recorder: Recorder,
  { program, memory }: { program: ModelProgram; memory: ProgramMemory },
  options: RecordProgramOptions,
): ProgramLeft {
  const { arrays, numbers, maxNorm, kept } = options;
  const { pool } = recorder;
  const tape = createTape(recorder);
  const output = program.loss(arrays(tape), memory.run(true));
  const { loss, figures } = leftBy(recorder, output);
  const states = copies(recorder, output.states ?? {});
  tape.backward(output.loss, lossGradient(tape));
  const trained = Object.values(memory.parameters).filter(({ variable }) => variable.grad);
  if (trained.length === 0) {
    throw new RangeError("Trained a program none of whose trained parameters is in its loss");
  }
  const { norm, factor } = clipOf(recorder, trained.map((one) => one.variable.grad!), { maxNorm });
  for (const { variable, moments } of trained) {
    const gradient = variable.grad!;
    adamw(recorder, variable.value, { ...moments!, gradient, factor, ...numbers });
    pool.release(gradient);
    variable.grad = undefined;
  }
  pool.release(factor);
  for (const [name, x] of Object.entries(states)) {
    const tensors = { x, y: memory.states[name] };
    mapTensors(recorder, mapRecipes.copy, { tensors, label: "states" });
    pool.release(x);
  }
  if (kept) mapTensors(recorder, mapRecipes.copy, { tensors: { x: loss, y: kept } });
  return { loss, figures, norm };
}

/** Records a pass without gradients; what it leaves belongs to who called it. */
export function recordProgramPass(
  recorder: Recorder,
  { program, memory }: { program: ModelProgram; memory: ProgramMemory },
  options: { arrays: (tape: Tape) => DeviceArrays; training?: boolean },
): ProgramLeft {
  const tape = createTape(recorder);
  const output = program.loss(options.arrays(tape), memory.run(options.training ?? false));
  const left = leftBy(recorder, output);
  tape.end();
  return left;
}
