/**
 * The padded layout of tensors: the last two dimensions are padded to multiples of 8, and what a
 * host uploads is padded with zeros.
 *
 * A matrix product then needs no tail code along its inner size: the padding adds 0, and padded
 * columns of its result come out as 0 again. Rows beyond the shape are never read.
 *
 * @module
 */
import { layoutOf } from "./base/layout.ts";

export { layoutOf, PAD, roundUp } from "./base/layout.ts";

/** What a host uploads and downloads: f32, f16 or u32. */
export type HostArray = Float32Array | Float16Array | Uint32Array;

/** Where each row of a shape begins, in the dense and in the padded layout, with its length. */
function rowStarts(shape: readonly number[]): { dense: number; padded: number; cols: number }[] {
  const { pitch, plane } = layoutOf(shape);
  const cols = shape[shape.length - 1];
  const rows = shape.length < 2 ? 1 : shape[shape.length - 2];
  const planes = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  return Array.from({ length: planes * rows }, (_, i) => ({
    dense: i * cols,
    padded: Math.floor(i / rows) * plane + (i % rows) * pitch,
    cols,
  }));
}

/**
 * Copies a dense host array into the padded layout; gives the array itself where nothing is padded.
 *
 * @example
 * ```ts
 * import { padded } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const data = padded([1, 2, 2], Float32Array.of(1, 2, 3, 4));
 * assertEquals([data.length, data[0], data[1], data[8], data[9]], [64, 1, 2, 3, 4]);
 * ```
 */
export function padded<A extends HostArray>(shape: readonly number[], data: A): A {
  const { elements } = layoutOf(shape);
  if (elements === data.length) return data;
  const out = new (data.constructor as new (n: number) => A)(elements);
  for (const row of rowStarts(shape)) {
    out.set(data.subarray(row.dense, row.dense + row.cols) as never, row.padded);
  }
  return out;
}

/**
 * Copies the padded layout into a dense host array.
 *
 * @example
 * ```ts
 * import { unpadded } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const padded = new Float32Array(64);
 * padded.set([1, 2], 0);
 * padded.set([3, 4], 8);
 * assertEquals([...unpadded([2, 2], padded)], [1, 2, 3, 4]);
 * ```
 */
export function unpadded<A extends HostArray>(
  shape: readonly number[],
  data: A,
): A {
  const n = shape.reduce((a, b) => a * b, 1);
  const out = new (data.constructor as new (n: number) => A)(n);
  for (const row of rowStarts(shape)) {
    out.set(data.subarray(row.padded, row.padded + row.cols) as never, row.dense);
  }
  return out;
}
