/**
 * What a program keeps on the device between steps: parameters, moments, states and the batch.
 *
 * @module
 */
import type { Pool, Tensor } from "../../kernels/mod.ts";
import { shapedIds } from "../arrays/device_scope.ts";
import type { GateTensor } from "../gates/gate.ts";
import { firstValues } from "../nn/parameters.ts";
import type { Variable } from "../nn/tape.ts";
import {
  checkBatch,
  type ModelProgram,
  type ProgramBatch,
  type ProgramRun,
  type ProgramValues,
  sizeOf,
} from "./program.ts";

/** A parameter and its moments. */
export interface ProgramParameter {
  /** Its value. */
  variable: Variable;
  /** Running means of gradients and of their squares; absent where it is not trained. */
  moments?: { m: Tensor; v: Tensor };
}

/** See the module. */
export interface ProgramMemory {
  /** Parameters by name. */
  parameters: Readonly<Record<string, ProgramParameter>>;
  /** States by name. */
  states: Readonly<Record<string, Tensor>>;
  /** What a run is given. */
  run(training: boolean): ProgramRun<Variable, Tensor>;
  /** Writes a batch. */
  write(batch: ProgramBatch): void;
  /** Puts all back into the pool. */
  release(): void;
}

const mapEach = <T, R>(all: Readonly<Record<string, T>>, of: (name: string, one: T) => R) =>
  Object.fromEntries(Object.entries(all).map(([name, one]): [string, R] => [name, of(name, one)]));

/**
 * The first values of a parameter or a state: those given, else as it says, from a seeded stream of
 * its name.
 *
 * @throws {RangeError} where there are more or fewer values than the shape has places.
 */
export function valuesOfTensor(
  name: string,
  one: GateTensor,
  options: { seed: number; values?: ProgramValues },
): Float32Array<ArrayBuffer> {
  const given = options.values?.[name];
  if (given === undefined) return firstValues(one, { seed: options.seed, name });
  if (given.length !== sizeOf(one.shape)) {
    throw new RangeError(
      `Gave ${given.length} values to "${name}", wanted ${sizeOf(one.shape)} for ` +
        `[${one.shape.join(", ")}]`,
    );
  }
  return Float32Array.from(given);
}

/** Makes the memory of a program. */
export function createProgramMemory(
  pool: Pool,
  program: ModelProgram,
  options: { seed: number; values?: ProgramValues; frozen?: (name: string) => boolean },
): ProgramMemory {
  const { frozen = () => false } = options;
  const { parameters: declared, states: kept = {}, matrices = {}, indices = {} } = program;
  const upload = (name: string, one: GateTensor) =>
    pool.upload(name, one.shape, valuesOfTensor(name, one, options));
  const zeros = (name: string, { shape }: GateTensor) =>
    pool.upload(name, shape, new Float32Array(sizeOf(shape)));
  const parameters = mapEach(declared, (name, one): ProgramParameter => {
    const value = upload(name, one);
    if (frozen(name)) return { variable: { value, fixed: true } };
    const moments = { m: zeros(`${name} m`, one), v: zeros(`${name} v`, one) };
    return { variable: { value }, moments };
  });
  const states = mapEach(kept, upload);
  const x = mapEach(matrices, (name, shape): Variable => ({
    value: pool.upload(name, shape, new Float32Array(sizeOf(shape))),
    fixed: true,
  }));
  const ids = mapEach(
    indices,
    (name, shape) =>
      shapedIds(pool.upload(name, [sizeOf(shape)], new Uint32Array(sizeOf(shape))), shape),
  );
  const w = mapEach(parameters, (_, { variable }) => variable);
  const state = mapEach(states, (_, value): Variable => ({ value, fixed: true }));
  return {
    ...{ parameters, states },
    run: (training) => ({ w, state, x, ids, training }),
    write(batch) {
      checkBatch(program, batch);
      for (const [name, { value }] of Object.entries(x)) {
        pool.write(value, Float32Array.from(batch[name]));
      }
      for (const [name, tensor] of Object.entries(ids)) {
        pool.write(tensor, Uint32Array.from(batch[name]));
      }
    },
    release() {
      pool.release(
        ...Object.values(parameters).flatMap(({ variable, moments }) => [
          variable.value,
          ...(moments ? [moments.m, moments.v] : []),
        ]),
        ...Object.values(states),
        ...Object.values(x).map(({ value }) => value),
        ...Object.values(ids),
      );
    },
  };
}
