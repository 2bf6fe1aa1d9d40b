/**
 * How much memory tensors take: the padded layout, buffers in whole rows of a mirror, and the
 * textures that mirror them.
 *
 * @module
 */

/** Multiple that the last two dimensions are padded to. */
export const PAD = 8;

/** Texels in a row of a texture mirror. */
export const MIRROR_WIDTH = 1024;

/**
 * Texels that a row of a mirror has beyond its content: one cache line. Without it the rows of a
 * matrix whose pitch is a power of two compete for the same few lines of every cache.
 */
export const MIRROR_GAP = 4;

/** Buffers are a multiple of one row of a mirror. */
export const ROW_BYTES: number = MIRROR_WIDTH * 16;

/** Tokens of a sequence from which on attention reads mirrors, where kernels do: copies pay then. */
export const MIRRORED_SEQUENCE = 128;

/** Rounds `n` up to a multiple of `step`. */
export function roundUp(n: number, step: number): number {
  return Math.ceil(n / step) * step;
}

/**
 * The padded layout of a shape: elements of a row, of a matrix, and in all.
 *
 * @example
 * ```ts
 * import { layoutOf } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(layoutOf([2, 3, 5]), { pitch: 8, plane: 64, elements: 128 });
 * ```
 */
export function layoutOf(
  shape: readonly number[],
): { pitch: number; plane: number; elements: number } {
  const pitch = shape.length < 2 ? shape[0] : roundUp(shape[shape.length - 1], PAD);
  const rows = shape.length < 2 ? 1 : roundUp(shape[shape.length - 2], PAD);
  const planes = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  return { pitch, plane: rows * pitch, elements: planes * rows * pitch };
}

/** Bytes of the buffer of a tensor whose elements have so many bytes. */
export function bufferBytes(shape: readonly number[], elementBytes: number): number {
  return Math.max(ROW_BYTES, roundUp(layoutOf(shape).elements * elementBytes, ROW_BYTES));
}

/**
 * Rows that a mirror of so many is made with, `most` at the most. Mesa's software driver compiles a
 * kernel anew for every mix of textures whose height is and is not a power of two: one more row makes
 * them all alike, and the first round of a program's kernels takes less than half as long.
 */
export function mirrorRows(rows: number, most: number): number {
  let odd = rows;
  while (odd < most && (odd & (odd - 1)) === 0) odd++;
  return odd;
}

/** Bytes of a mirror of that many rows. */
export const mirrorBytes = (rows: number): number => (MIRROR_WIDTH + MIRROR_GAP) * 16 * rows;
