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
