/**
 * The products in f64 on the CPU, slow and plain, with the scale that their errors are judged by.
 *
 * @module
 */

import type { ActivationKind } from "../activation/forms.ts";

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

/** erf by its Taylor series near 0 and its continued fraction far from it, to 1e-15. */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 3) {
    let fraction = 0;
    for (let i = 60; i > 0; i--) fraction = i / 2 / (z + fraction);
    return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction));
  }
  let [term, sum] = [z, z];
  for (let i = 1; i < 100; i++) {
    term *= -z * z / i;
    sum += term / (2 * i + 1);
  }
  return Math.sign(x) * 2 / Math.sqrt(Math.PI) * sum;
}

/** The activations in f64. */
export const activationOracles: Readonly<Record<ActivationKind, (x: number) => number>> = {
  relu: (x) => Math.max(x, 0),
  silu,
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  gelu_tanh: (x) => x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

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

/** The transpose of x[rows, columns]. */
export function transposed(
  x: ArrayLike<number>,
  size: { rows: number; columns: number },
): Float64Array {
  const { rows, columns } = size;
  return Float64Array.from(
    { length: rows * columns },
    (_, i) => x[(i % rows) * columns + Math.floor(i / rows)],
  );
}

/** What a dense product does besides, as {@linkcode GemmOptions} has it. */
export interface GemmSteps {
  /** A is given as [k, m]. */
  transposeA?: boolean;
  /** B is given as [n, k]. */
  transposeB?: boolean;
  /** Added to each row, [n]. */
  bias?: ArrayLike<number>;
  /** The function that each sum goes through. */
  activation?: ActivationKind;
  /** Added last, [m, n]. */
  add?: ArrayLike<number>;
}

/**
 * C[m, n] = op(A) op(B), with bias, activation and residual where given.
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
  options: { m: number; n: number; k: number } & GemmSteps,
): Scaled {
  const { m, n, k, transposeA, transposeB, bias, activation, add } = options;
  const left = transposeA ? transposed(a, { rows: k, columns: m }) : a;
  const right = transposeB ? transposed(b, { rows: n, columns: k }) : b;
  const c = stack(
    Array.from({ length: m }, (_, row) => rowTimes(left, right, { row, k, n })),
    n,
  );
  const f = activation ? activationOracles[activation] : (x: number) => x;
  for (let i = 0; i < m * n; i++) {
    const [shift, residual] = [bias?.[i % n] ?? 0, add?.[i] ?? 0];
    c.values[i] = f(c.values[i] + shift) + residual;
    // No activation here is steeper than 1.13.
    c.scale[i] = (activation ? 1.13 : 1) * (c.scale[i] + Math.abs(shift)) + Math.abs(residual);
  }
  return c;
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
