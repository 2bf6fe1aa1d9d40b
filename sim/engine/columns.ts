/**
 * Columns of numbers that grow: a graph of millions of tasks is a few typed arrays, since an object
 * a task would cost ten times the memory and leave the collector of garbage no rest.
 *
 * @module
 */

/** A longer copy of whole numbers: at least `length`, and twice as long; the new part is 0. */
export function grown<C extends Int32Array | Float64Array>(column: C, length?: number): C;
export function grown(
  column: Int32Array | Float64Array,
  length = 0,
): Int32Array | Float64Array {
  const size = Math.max(length, 2 * column.length);
  const longer = column instanceof Int32Array ? new Int32Array(size) : new Float64Array(size);
  longer.set(column);
  return longer;
}
