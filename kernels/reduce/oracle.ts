/**
 * Sums in f64 on the CPU.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";

/**
 * The sum of all numbers of all lists, or of their squares.
 *
 * @example
 * ```ts
 * import { sumOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(sumOracle([[1, -2], [3]], { squares: true }).values[0], 14);
 * ```
 */
export function sumOracle(
  lists: readonly ArrayLike<number>[],
  options: { squares?: boolean } = {},
): Scaled {
  let [value, scale] = [0, 0];
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const term = options.squares ? list[i] * list[i] : list[i];
      value += term;
      scale += Math.abs(term);
    }
  }
  return { values: Float64Array.of(value), scale: Float64Array.of(scale) };
}

/** Norm of all gradients together, and what they are multiplied by to come down to `maxNorm`. */
export function clipOracle(
  gradients: readonly ArrayLike<number>[],
  options: { maxNorm: number },
): { norm: number; factor: number } {
  const norm = Math.sqrt(sumOracle(gradients, { squares: true }).values[0]);
  return { norm, factor: Math.min(1, options.maxNorm / (norm + 1e-6)) };
}

/** Sums over the rows of x[rows, n]. */
export function columnSumsOracle(
  x: ArrayLike<number>,
  dims: { rows: number; n: number },
): Scaled {
  const { rows, n } = dims;
  const out = { values: new Float64Array(n), scale: new Float64Array(n) };
  for (let i = 0; i < rows * n; i++) {
    out.values[i % n] += x[i];
    out.scale[i % n] += Math.abs(x[i]);
  }
  return out;
}
