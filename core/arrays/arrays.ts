/**
 * The language that gates, losses and controllers are written in: matrices with a gradient, and
 * matrices of indices without one.
 *
 * A gate is a page of arithmetic. It is written once, against this interface, and read twice: on the
 * device, where each line is a kernel on a tape that goes back through it (`device_arrays.ts`), and
 * on the host in 64-bit floats, where it is the oracle (`host_arrays.ts`). The host repeats what has
 * no gradient (choices, noise, what was detached) as it was in a first pass, so that differences of
 * its results are the derivative of the surrogate that the gate declares.
 *
 * Every value is a matrix [rows, columns]. A row [1, E], a column [T, 1] and a single number [1, 1]
 * stretch over the other operands of a pointwise function. `A` is a matrix with a gradient, `I` one
 * of indices. An index of {@linkcode NONE} stands for a choice that was dropped: it takes 0, puts
 * nothing and stays what it is.
 *
 * @module
 */
import type { MapName } from "./functions.ts";

/** The index of a choice that was dropped. */
export const NONE = 0xffffffff;

/** Rows and columns. */
export type Shape = readonly [rows: number, columns: number];

/** In which order choices are kept where an expert has no room for all of them. */
export type DropOrder = "sequence" | "priority" | "random";

/** The distributions that noise is drawn from; Gumbel's is -log(-log(u)). */
export type NoiseKind = "normal" | "uniform" | "gumbel";

/** Who goes to which expert. */
export interface ChosenExperts<I> {
  /** Experts of each token [T, K]; NONE for none. */
  ids: I;
  /** Experts in all. */
  experts: number;
}

/** The language; see the module. All functions throw a RangeError where shapes do not fit. */
export interface Arrays<A, I> {
  /** Rows and columns of a matrix. */
  shapeOf(a: A): Shape;
  /** Rows and columns of indices. */
  indexShapeOf(ids: I): Shape;

  // --- Values without a gradient.
  /** A matrix known beforehand, row by row. It is made once for each name. */
  constant(name: string, shape: Shape, values: () => ArrayLike<number>): A;
  /** Indices known beforehand, row by row. They are made once for each name. */
  indices(name: string, shape: Shape, values: () => ArrayLike<number>): I;
  /** Seeded random numbers, others in every step and under every name. */
  noise(name: string, kind: NoiseKind, shape: Shape): A;
  /** The same values, through which no gradient goes back. */
  detach(a: A): A;

  // --- With a gradient.
  /** a b, or with one of them transposed. */
  product(a: A, b: A, options?: { transpose?: "a" | "b" }): A;
  /** A pointwise function; operands stretch. */
  map(name: MapName, ...operands: A[]): A;
  /** by a. */
  scale(a: A, by: number): A;
  /** a + by. */
  shift(a: A, by: number): A;
  /** Softmax of each row, or of each of `parts` equal parts of every row. */
  softmax(a: A, options?: { parts?: number }): A;
  /** log(sum(exp)) of each row: [T, 1]. */
  logSumExp(a: A): A;
  /** Sum of each row: [T, 1]. */
  sumRows(a: A): A;
  /** Sum of each column: [1, E]. */
  sumColumns(a: A): A;
  /** Sum of all: [1, 1]. */
  total(a: A): A;
  /** The largest of each row, [T, 1]; its gradient goes to the first of them. */
  largest(a: A): A;
  /** Rows divided by their lengths. */
  unit(a: A): A;
  /** Means of `length` neighbouring rows: [T / length, D]. */
  segmentMeans(a: A, length: number): A;
  /** Each row `times` times, one behind the other: [T times, D]. */
  repeatRows(a: A, times: number): A;
  /** Rows of a table [V, D] by indices [T, 1]: [T, D]; rows of zeros for NONE. */
  lookUp(table: A, ids: I): A;
  /** The same numbers, row by row, in another shape. */
  reshape(a: A, shape: Shape): A;
  /** Columns become rows. */
  transpose(a: A): A;
  /** Columns from..to, the end left out. */
  columns(a: A, from: number, to: number): A;
  /** Matrices side by side. */
  beside(...parts: A[]): A;
  /** The entries of each row of a[T, E] that ids[T, K] name: [T, K]; 0 for NONE. */
  take(a: A, ids: I): A;
  /** a[T, K] added to where ids[T, K] say: [T, columns]; nothing for NONE. */
  put(a: A, ids: I, columns: number): A;

  // --- Of chosen experts alone. There is a row for each choice, sorted by expert, those of one expert
  // in the order of the choices. Rows of dropped choices come last; nothing may read them but these
  // functions, and what works on each row by itself.
  /** a[T, K] in the order of rows: [T K, 1]. */
  expertRows(a: A, chosen: ChosenExperts<I>): A;
  /** Each row is its token of x[T, D] times its expert's F columns of w[D, E F]: [T K, F]. */
  intoExperts(x: A, w: A, chosen: ChosenExperts<I>): A;
  /** Sums over each token's rows of h[T K, F] times the F rows of its expert in w[E F, D]: [T, D]. */
  outOfExperts(h: A, w: A, chosen: ChosenExperts<I>): A;

  // --- Choices; none has a gradient.
  /** The k largest of each row, best first; equal ones by lower index. */
  topK(a: A, k: number): I;
  /** The column of each entry above 0, NONE for the others: [T, E]. */
  where(mask: A): I;
  /** ids where mask[T, K] is above 0, else NONE. */
  keep(ids: I, mask: A): I;
  /** Each expert (column) takes its best `count` of every `length` neighbouring rows: 1 or 0. */
  choosePerColumn(a: A, options: { count: number; length: number }): A;
  /**
   * One column for each row so that all columns have the same number of rows (one more for some, if
   * that cannot be), with about the largest sum of a[T, E]: BASE, arXiv 2103.16716. [T, 1].
   */
  assignEqually(a: A): I;
  /**
   * Drops choices beyond `capacity` an expert. First choices of all tokens come before second ones;
   * among equals the order is that of the tokens, of `priority` [T, 1] from high to low (arXiv
   * 2106.05974), or random (arXiv 2109.10465).
   */
  limit(
    ids: I,
    options: {
      experts: number;
      capacity: number;
      order: DropOrder;
      priority?: A;
      /** Names the random order. */
      name: string;
    },
  ): I;
  /** A hash of the indices [T, 1] that lie at the same row, below `buckets`: [T, 1]. */
  hash(of: readonly I[], options: { buckets: number; seed: number }): I;
  /** Indices of a table [V, 1] at ids [T, K]: [T, K]. */
  lookUpIds(table: I, ids: I): I;
  /** Random indices below `below`. */
  randomIds(name: string, shape: Shape, below: number): I;
  /** times ids + plus, NONE left as it is; `plus` is a number or indices of the same shape. */
  affine(ids: I, options: { times?: number; plus?: number | I }): I;
  /** Indices side by side. */
  idsBeside(...parts: I[]): I;
  /** The rows of indices [T, K], each `times` times. */
  repeatIds(ids: I, times: number): I;
  /** The same indices, row by row, in another shape. */
  reshapeIds(ids: I, shape: Shape): I;
}
