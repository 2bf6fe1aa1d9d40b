/**
 * Views: the same memory under another shape, where the padded layouts of both lie alike.
 *
 * A view is never released beside what it is of.
 *
 * @module
 */
import { layoutOf, type Tensor } from "../../kernels/mod.ts";

/**
 * A tensor under another shape.
 *
 * @throws {RangeError} where the other shape takes another number of elements, padding included.
 */
export function viewOf(tensor: Tensor, shape: readonly number[]): Tensor {
  const { pitch, plane, elements } = layoutOf(shape);
  const own = layoutOf(tensor.shape).elements;
  if (elements !== own) {
    throw new RangeError(
      `Cannot view ${tensor.label} [${tensor.shape.join(", ")}] as [${shape.join(", ")}]: ` +
        `found ${own} elements with padding, wanted ${elements}`,
    );
  }
  return { ...tensor, shape, pitch, plane };
}

/** Matrices [G, S, D] as one matrix: the rows of each, padding rows included, one behind the other. */
export function stackedRows(matrices: Tensor): Tensor {
  const { pitch, plane, shape } = matrices;
  const [count, , columns] = shape;
  return viewOf(matrices, [count * plane / pitch, columns]);
}

/**
 * A bank [E, ...] as a matrix whose rows are its entries, padding included. The matrix may have padding
 * rows that lie beyond the bank: they are never read or written.
 */
export function flatRows(bank: Tensor): Tensor {
  const [entries] = bank.shape;
  const width = layoutOf(bank.shape).elements / entries;
  return { ...bank, shape: [entries, width], pitch: width, plane: entries * width };
}

/** The inverse of {@linkcode flatRows}: rows as entries of the shape `entry`. */
export function bankOf(rows: Tensor, entry: readonly number[]): Tensor {
  const shape = [rows.shape[0], ...entry];
  const { pitch, plane } = layoutOf(shape);
  return { ...rows, shape, pitch, plane };
}
