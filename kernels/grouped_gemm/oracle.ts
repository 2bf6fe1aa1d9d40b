/**
 * The grouped products in f64 on the CPU.
 *
 * @module
 */
import { rowTimes, type Scaled, swigluRow } from "../gemm/oracle.ts";

/** Which expert and which row of the input each output row uses. */
export interface GroupedRows {
  /** Expert of each output row. */
  expert: ArrayLike<number>;
  /** Input row of each output row. */
  source: ArrayLike<number>;
}

function grouped(
  rows: GroupedRows,
  n: number,
  one: (source: number, expert: number) => Scaled,
): Scaled {
  const m = rows.expert.length;
  const out = { values: new Float64Array(m * n), scale: new Float64Array(m * n) };
  for (let i = 0; i < m; i++) {
    const row = one(rows.source[i], rows.expert[i]);
    out.values.set(row.values, i * n);
    out.scale.set(row.scale, i * n);
  }
  return out;
}

/** C[row] = A[source of the row] W[expert of the row], W[E, k, n]. */
export function groupedGemmOracle(
  a: ArrayLike<number>,
  w: ArrayLike<number>,
  options: { rows: GroupedRows; k: number; n: number },
): Scaled {
  const { rows, k, n } = options;
  return grouped(rows, n, (row, e) => rowTimes(a, w, { row, k, n, at: e * k * n }));
}

/** H[row] = silu(A W[e, 0]) * (A W[e, 1]), W[E, 2, k, n]. */
export function groupedGemmSwigluOracle(
  a: ArrayLike<number>,
  w: ArrayLike<number>,
  options: { rows: GroupedRows; k: number; n: number },
): Scaled {
  const { rows, k, n } = options;
  return grouped(rows, n, (row, e) => swigluRow(a, w, { row, k, n, at: 2 * e * k * n }));
}

/**
 * The gradient of the rows: dA[row] = sum over planes of dC[plane, source of the row] W[e, plane]^T,
 * with W[E, planes, k, n] and dC[planes, sources, n].
 */
export function groupedInputGradOracle(
  dc: ArrayLike<number>,
  w: ArrayLike<number>,
  options: { rows: GroupedRows; k: number; n: number; planes: number },
): Scaled {
  const { rows, k, n, planes } = options;
  const sources = dc.length / n / planes;
  return grouped(rows, k, (source, e) => {
    const out = { values: new Float64Array(k), scale: new Float64Array(k) };
    for (let p = 0; p < planes; p++) {
      for (let i = 0; i < k; i++) {
        for (let j = 0; j < n; j++) {
          const term = dc[(p * sources + source) * n + j] * w[((e * planes + p) * k + i) * n + j];
          out.values[i] += term;
          out.scale[i] += Math.abs(term);
        }
      }
    }
    return out;
  });
}

/**
 * The gradient of the weights: dW[e, plane] = sum over the rows of expert e of
 * A[source in A]^T dC[plane, source in C], [E, planes, k, n].
 */
export function groupedWeightGradOracle(
  a: ArrayLike<number>,
  dc: ArrayLike<number>,
  options: {
    expert: ArrayLike<number>;
    sourceA: ArrayLike<number>;
    sourceC: ArrayLike<number>;
    experts: number;
    k: number;
    n: number;
    planes: number;
  },
): Scaled {
  const { expert, sourceA, sourceC, experts, k, n, planes } = options;
  const sources = dc.length / n / planes;
  const values = new Float64Array(experts * planes * k * n);
  const scale = new Float64Array(values.length);
  for (let row = 0; row < expert.length; row++) {
    for (let p = 0; p < planes; p++) {
      for (let i = 0; i < k; i++) {
        for (let j = 0; j < n; j++) {
          const at = ((expert[row] * planes + p) * k + i) * n + j;
          const term = a[sourceA[row] * k + i] * dc[(p * sources + sourceC[row]) * n + j];
          values[at] += term;
          scale[at] += Math.abs(term);
        }
      }
    }
  }
  return { values, scale };
}
