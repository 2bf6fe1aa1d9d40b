/**
 * Pointwise operators in f64 on the CPU.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";

/**
 * a * x + b * y for each element, with the sum of absolute terms: the sum for a = b = 1, a multiple
 * for b = 0, `addScaled` for b = 1.
 *
 * @example
 * ```ts
 * import { blendOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const { values, scale } = blendOracle([1, 2], [3, -4], { a: 2, b: 1 });
 * assertEquals([[...values], [...scale]], [[5, 0], [5, 8]]);
 * ```
 */
export function blendOracle(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  options: { a: number; b: number },
): Scaled {
  const terms = Array.from({ length: x.length }, (_, i) => [options.a * x[i], options.b * y[i]]);
  return {
    values: Float64Array.from(terms, ([p, q]) => p + q),
    scale: Float64Array.from(terms, ([p, q]) => Math.abs(p) + Math.abs(q)),
  };
}
