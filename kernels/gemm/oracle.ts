/**
 * The products in f64 on the CPU, slow and plain, with the scale that their errors are judged by.
 *
 * @module
 */

/** Values and, for each, the sum of absolute terms: the unit of a summation's rounding error. */
export interface Scaled {
  /** The result. */
  values: Float64Array;
  /** Sum of the absolute terms of each element. */
  scale: Float64Array;
}

/** Row `i` of A[., k] times B[k, n], which begins at element `at` of `b`. */
export function rowTimes(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: { row: number; k: number; n: number; at?: number },
): Scaled {
  const { row, k, n, at = 0 } = options;
  const values = new Float64Array(n);
  const scale = new Float64Array(n);
  for (let i = 0; i < k; i++) {
    const x = a[row * k + i];
    for (let j = 0; j < n; j++) {
      const term = x * b[at + i * n + j];
      values[j] += term;
      scale[j] += Math.abs(term);
    }
  }
  return { values, scale };
}

/** silu(x) = x / (1 + exp(-x)). */
export const silu = (x: number): number => x / (1 + Math.exp(-x));

/** One row of the SwiGLU product; the scale carries both factors' terms. */
export function swigluRow(
  a: ArrayLike<number>,
  w: ArrayLike<number>,
  options: { row: number; k: number; n: number; at?: number },
): Scaled {
  const { k, n, at = 0 } = options;
  const gate = rowTimes(a, w, options);
  const up = rowTimes(a, w, { ...options, at: at + k * n });
  return {
    values: gate.values.map((g, j) => silu(g) * up.values[j]),
    // |silu'| <= 1.1: the gate's rounding times |up|, the up's times |silu(gate)|.
    scale: gate.scale.map((g, j) =>
      g * Math.abs(up.values[j]) + Math.abs(silu(gate.values[j])) * up.scale[j]
    ),
  };
}

function stack(rows: Scaled[], n: number): Scaled {
  const out = {
    values: new Float64Array(rows.length * n),
    scale: new Float64Array(rows.length * n),
  };
  rows.forEach((r, i) => {
    out.values.set(r.values, i * n);
    out.scale.set(r.scale, i * n);
  });
  return out;
}

/**
 * C[m, n] = A[m, k] B[k, n].
 *
 * @example
 * ```ts
 * import { gemmOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const { values, scale } = gemmOracle([1, -2], [3, 4], { m: 1, n: 1, k: 2 });
 * assertEquals([values[0], scale[0]], [-5, 11]);
 * ```
 */
export function gemmOracle(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  dims: { m: number; n: number; k: number },
): Scaled {
  const { m, n, k } = dims;
  return stack(Array.from({ length: m }, (_, row) => rowTimes(a, b, { row, k, n })), n);
}

/** H[m, n] = silu(A W[0]) * (A W[1]), W[2, k, n]. */
export function gemmSwigluOracle(
  a: ArrayLike<number>,
  w: ArrayLike<number>,
  dims: { m: number; n: number; k: number },
): Scaled {
  const { m, n, k } = dims;
  return stack(Array.from({ length: m }, (_, row) => swigluRow(a, w, { row, k, n })), n);
}
