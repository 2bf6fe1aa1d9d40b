/**
 * A model as a pure function in the language of `core/arrays`: what it is made of, what a batch holds,
 * and a loss.
 *
 * The trainer of `core/train` runs decoders on fused kernels, fast, and decoders alone. A program is
 * any model that the language can say, at the price of more launches: two towers, a block that halts,
 * experts that are grown. It is written once and read twice, on the device by the trainer of programs
 * and on the host in 64-bit floats, where its gradient is held against central differences.
 *
 * Everything is a matrix [rows, columns]. A batch has fixed shapes, so that a step can be planned; what
 * a program chooses it chooses by indices and masks, never by asking the device.
 *
 * @module
 */
import type { Arrays, Shape } from "../arrays/arrays.ts";
import type { GateTensor } from "../gates/gate.ts";

/** What a program is run with; all matrices and indices are those that it declared, by name. */
export interface ProgramRun<A, I> {
  /** Parameters. */
  w: Readonly<Record<string, A>>;
  /** States, as the step before left them; no gradient goes to them. */
  state: Readonly<Record<string, A>>;
  /** Matrices of the batch. */
  x: Readonly<Record<string, A>>;
  /** Indices of the batch. */
  ids: Readonly<Record<string, I>>;
  /** True in training; false where the model is evaluated: no noise, no drops by chance. */
  training: boolean;
}

/** What a program gives. */
export interface ProgramOutput<A> {
  /** What is made small: [1, 1]. */
  loss: A;
  /** What else one may want to read, by name: matrices of any shape. */
  figures?: Readonly<Record<string, A>>;
  /** New values of states, by name; what is not there stays. Applied in training alone. */
  states?: Readonly<Record<string, A>>;
}

/** A model; see the module. */
export interface ModelProgram {
  /** Parameters by name. */
  parameters: Readonly<Record<string, GateTensor>>;
  /** States by name; none where absent. */
  states?: Readonly<Record<string, GateTensor>>;
  /** Shapes of a batch's matrices by name; none where absent. */
  matrices?: Readonly<Record<string, Shape>>;
  /** Shapes of a batch's indices by name; none where absent. */
  indices?: Readonly<Record<string, Shape>>;
  /** The loss of a batch. */
  loss<A, I>(g: Arrays<A, I>, run: ProgramRun<A, I>): ProgramOutput<A>;
}

/** A batch: the numbers of each matrix and of each index matrix, row by row, by their names. */
export type ProgramBatch = Readonly<Record<string, ArrayLike<number>>>;

/** Values of parameters and states, row by row, by their names. */
export type ProgramValues = Readonly<Record<string, ArrayLike<number>>>;

/** Numbers of a shape. */
export const sizeOf = ([rows, columns]: Shape): number => rows * columns;

/**
 * Refuses a batch that lacks a name, has one too many, or another number of values.
 *
 * @throws {RangeError} what was found and what is wanted.
 */
export function checkBatch(program: ModelProgram, batch: ProgramBatch): void {
  const wanted = { ...program.matrices, ...program.indices };
  const extra = Object.keys(batch).find((name) => !(name in wanted));
  if (extra !== undefined) {
    throw new RangeError(
      `Gave a batch "${extra}", wanted ${Object.keys(wanted).join(", ") || "nothing"}`,
    );
  }
  for (const [name, shape] of Object.entries(wanted)) {
    const found = batch[name]?.length ?? 0;
    if (found !== sizeOf(shape)) {
      throw new RangeError(
        `Gave ${found} values of "${name}" in a batch, wanted ${sizeOf(shape)} for ` +
          `[${shape.join(", ")}]`,
      );
    }
  }
}

/** Tensors of a part under a prefix: "block0." before each name. */
export function prefixed<T>(prefix: string, all: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [`${prefix}${name}`, one]));
}
