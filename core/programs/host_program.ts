/**
 * A program on the host, in 64-bit floats: what the device is judged by, and a way to run a program
 * where there is none.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import { hostArrays } from "../arrays/host_arrays.ts";
import {
  type HostIndices,
  hostIndices,
  type HostMatrix,
  hostMatrix,
} from "../arrays/host_matrix.ts";
import {
  checkBatch,
  type ModelProgram,
  type ProgramBatch,
  type ProgramOutput,
  type ProgramValues,
} from "./program.ts";
import { valuesOfTensor } from "./program_memory.ts";

/** What a program is run with on the host. */
export interface HostProgramOptions {
  /** Seed of first values and of noise. */
  seed: number;
  /** The batch. */
  batch: ProgramBatch;
  /** Values of parameters and states in place of their first ones. */
  values?: ProgramValues;
  /** Step of training, 0 where absent: noise is another in every step. */
  step?: number;
  /** Whether the program is trained; false where absent. */
  training?: boolean;
}

/** Parameters and states as the device would have them: first values are 32-bit floats. */
export function hostValues(
  program: ModelProgram,
  options: { seed: number; values?: ProgramValues },
): { w: Record<string, HostMatrix>; state: Record<string, HostMatrix> } {
  const of = (all: ModelProgram["parameters"]) =>
    Object.fromEntries(
      Object.entries(all).map(([name, one]) => [
        name,
        hostMatrix(one.shape, valuesOfTensor(name, one, options)),
      ]),
    );
  return { w: of(program.parameters), state: of(program.states ?? {}) };
}

/** Runs a program in a language of the host, with given parameters and states. */
export function programOnHost(
  g: Arrays<HostMatrix, HostIndices>,
  program: ModelProgram,
  run: {
    w: Readonly<Record<string, HostMatrix>>;
    state: Readonly<Record<string, HostMatrix>>;
    batch: ProgramBatch;
    training: boolean;
  },
): ProgramOutput<HostMatrix> {
  const { w, state, batch, training } = run;
  checkBatch(program, batch);
  const x = Object.entries(program.matrices ?? {}).map(([name, shape]) => [
    name,
    hostMatrix(shape, Float32Array.from(batch[name])),
  ]);
  const ids = Object.entries(program.indices ?? {}).map(([name, shape]) => [
    name,
    hostIndices(shape, batch[name]),
  ]);
  return program.loss(g, {
    ...{ w, state, training, x: Object.fromEntries(x), ids: Object.fromEntries(ids) },
  });
}

/**
 * Runs a program on the host.
 *
 * @example
 * ```ts
 * import { runProgramOnHost, type ModelProgram } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const double: ModelProgram = {
 *   parameters: { by: { shape: [1, 1], init: { value: 2 } } },
 *   matrices: { x: [2, 1] },
 *   loss: (g, { w, x }) => ({ loss: g.total(g.product(x.x, w.by)) }),
 * };
 * assertEquals(runProgramOnHost(double, { seed: 1, batch: { x: [1, 2] } }).loss.data[0], 6);
 * ```
 */
export function runProgramOnHost(
  program: ModelProgram,
  options: HostProgramOptions,
): ProgramOutput<HostMatrix> {
  const { seed, step, batch, training = false } = options;
  const values = hostValues(program, options);
  return programOnHost(hostArrays({ seed, step }), program, { ...values, batch, training });
}
