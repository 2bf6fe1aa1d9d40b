/**
 * Softmax, log-sum-exp and their gradients in f64 on the CPU.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";

/** Rows and columns. */
export interface RowDims {
  /** Rows. */
  t: number;
  /** Columns. */
  n: number;
}

const sum = (x: readonly number[]) => x.reduce((a, b) => a + b, 0);
const rowOf = (x: ArrayLike<number>, row: number, n: number) =>
  Array.from({ length: n }, (_, j) => x[row * n + j]);

/**
 * The softmax of each row of x[t, n], and the log of the sum of its exponentials. A result's
 * rounding grows with the size of the exponents: the scale is |y| (1 + |x| + |largest|).
 *
 * @example
 * ```ts
 * import { softmaxOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...softmaxOracle([2, 2], { t: 1, n: 2 }).y.values], [0.5, 0.5]);
 * ```
 */
export function softmaxOracle(x: ArrayLike<number>, dims: RowDims): { y: Scaled; lse: Scaled } {
  const { t, n } = dims;
  const rows = Array.from({ length: t }, (_, i) => {
    const row = rowOf(x, i, n);
    const highest = Math.max(...row);
    const powers = row.map((v) => Math.exp(v - highest));
    const total = sum(powers);
    return { row, highest, y: powers.map((v) => v / total), lse: highest + Math.log(total) };
  });
  const values = Float64Array.from(rows.flatMap((r) => r.y));
  const size = rows.flatMap((r) => r.row.map((v) => 1 + Math.abs(v) + Math.abs(r.highest)));
  const lse = Float64Array.from(rows, (r) => r.lse);
  return {
    y: { values, scale: values.map((v, i) => v * size[i]) },
    lse: { values: lse, scale: lse.map((v, i) => Math.abs(v) + Math.abs(rows[i].highest) + 1) },
  };
}

/** dx = y (dy - sum(dy y)), from y and dy, both [t, n]. */
export function softmaxBackwardOracle(
  dy: ArrayLike<number>,
  options: RowDims & { y: ArrayLike<number> },
): Scaled {
  const { t, n, y } = options;
  const out = { values: new Float64Array(t * n), scale: new Float64Array(t * n) };
  for (let i = 0; i < t; i++) {
    const terms = rowOf(y, i, n).map((v, j) => v * dy[i * n + j]);
    const [level, unit] = [sum(terms), sum(terms.map(Math.abs))];
    for (let at = i * n; at < (i + 1) * n; at++) {
      out.values[at] = y[at] * (dy[at] - level);
      out.scale[at] = Math.abs(y[at]) * (Math.abs(dy[at]) + unit);
    }
  }
  return out;
}

/** dx = dlse softmax(x), from dlse [t] and x [t, n]. */
export function logSumExpBackwardOracle(
  dlse: ArrayLike<number>,
  options: RowDims & { x: ArrayLike<number> },
): Scaled {
  const { y } = softmaxOracle(options.x, options);
  const factor = (i: number) => dlse[Math.floor(i / options.n)];
  return {
    values: y.values.map((v, i) => v * factor(i)),
    scale: y.scale.map((v, i) => v * Math.abs(factor(i))),
  };
}
