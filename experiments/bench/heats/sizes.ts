/**
 * Sizes of what memory bounds: tensors of 32 MiB, so that an operator finds little of its input in
 * a cache.
 *
 * @module
 */
import type { Tensor } from "../../../kernels/tensor.ts";

/** Rows of a matrix. */
export const T = 4096;
/** Columns of a matrix. */
export const D = 2048;
/** The matrix, as a shape. */
export const MATRIX: readonly number[] = [T, D];
/** Its size in words. */
export const SIZE = `${T}x${D}`;
/** Share of the driver's copy that operators which memory bounds shall reach. */
export const OF_COPY = 0.75;

/** Share that activations shall reach: exponentials and divisions take their time. */
export const OF_COPY_ACTIVATION = 0.55;

/** FLOP and bytes of an operator on matrices of f32, by element: what it computes, reads and writes. */
export const perElement = (
  { flops, moved }: { flops: number; moved: number },
): { flops: number; bytes: number } => ({ flops: flops * T * D, bytes: 4 * moved * T * D });

/** The tensors of a result, without those that it has not. */
export function tensorsOf(result: object): Tensor[] {
  return Object.values(result as Record<string, Tensor | undefined>)
    .filter((tensor) => tensor !== undefined);
}
