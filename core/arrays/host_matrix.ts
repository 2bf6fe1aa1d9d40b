/**
 * Matrices of the host: numbers in 64-bit floats and indices, row by row.
 *
 * @module
 */
import type { Shape } from "./arrays.ts";

/** A matrix of the host. */
export interface HostMatrix {
  /** Rows and columns. */
  shape: Shape;
  /** The numbers, row by row. */
  data: Float64Array;
}

/** Indices of the host. */
export interface HostIndices {
  /** Rows and columns. */
  shape: Shape;
  /** The indices, row by row; 0xffffffff where there is none. */
  data: Uint32Array;
}

/** "[2, 3]". */
export const shapeText = ([rows, columns]: Shape): string => `[${rows}, ${columns}]`;

/** Throws a RangeError that says what was done, unless `fits`. */
export function requireShape(fits: boolean, message: () => string): asserts fits {
  if (!fits) throw new RangeError(message());
}

function sized<T extends { length: number }>(shape: Shape, data: T): { shape: Shape; data: T } {
  const whole = shape.every((n) => Number.isInteger(n) && n > 0);
  requireShape(whole, () => `Made a matrix ${shapeText(shape)}: rows and columns must be above 0`);
  requireShape(
    data.length === shape[0] * shape[1],
    () => `Made a matrix ${shapeText(shape)} of ${data.length} numbers, not ${shape[0] * shape[1]}`,
  );
  return { shape, data };
}

/**
 * A matrix of the host.
 *
 * @throws {RangeError} where there are more or fewer numbers than the shape has places.
 *
 * @example
 * ```ts
 * import { hostMatrix } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hostMatrix([1, 2], [3, 4]).data[1], 4);
 * ```
 */
export function hostMatrix(shape: Shape, data: ArrayLike<number>): HostMatrix {
  return sized(shape, Float64Array.from(data));
}

/** Indices of the host; throws as {@linkcode hostMatrix} does. */
export function hostIndices(shape: Shape, data: ArrayLike<number>): HostIndices {
  return sized(shape, Uint32Array.from(data));
}

/** What the entry at (row, column) is. */
export type Entry = (row: number, column: number) => number;

function filled<T extends Float64Array | Uint32Array>([rows, columns]: Shape, data: T, of: Entry) {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) data[r * columns + c] = of(r, c);
  }
  return data;
}

/** A matrix whose entry at (row, column) is what `of` says. */
export function fillMatrix(shape: Shape, of: Entry): HostMatrix {
  return sized(shape, filled(shape, new Float64Array(shape[0] * shape[1]), of));
}

/** Indices whose entry at (row, column) is what `of` says, modulo 2^32. */
export function fillIndices(shape: Shape, of: Entry): HostIndices {
  return sized(shape, filled(shape, new Uint32Array(shape[0] * shape[1]), of));
}
