/**
 * Singular values by rotations of pairs of columns until all are at right angles (Hestenes 1958), in
 * 64-bit floats.
 *
 * @module
 */

/** A = U diag(s) V^T of a matrix [rows, columns], s in falling order. */
export interface Singular {
  /** Columns of U, each [rows], of length 1, or 0 where the singular value is. */
  u: Float64Array[];
  /** Singular values. */
  s: number[];
  /** Columns of V, each [columns]. */
  v: Float64Array[];
}

const dot = (a: Float64Array, b: Float64Array) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/** Turns two columns by an angle of cosine c and sine s. */
function turn(a: Float64Array, b: Float64Array, [c, s]: readonly [number, number]): void {
  for (let i = 0; i < a.length; i++) [a[i], b[i]] = [c * a[i] - s * b[i], s * a[i] + c * b[i]];
}

/** The turn that puts two columns at right angles; undefined where they are. */
function rotation(a: Float64Array, b: Float64Array): readonly [number, number] | undefined {
  const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
  if (Math.abs(ab) <= 1e-14 * Math.sqrt(aa * bb)) return undefined;
  const zeta = (bb - aa) / (2 * ab);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const c = 1 / Math.hypot(1, t);
  return [c, c * t];
}

/**
 * The singular values and vectors of a matrix [rows, columns], row by row.
 *
 * @example
 * ```ts
 * import { singularValues } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const { s } = singularValues([3, 0, 4, 5], { rows: 2, columns: 2 });
 * assertAlmostEquals(s[0], Math.sqrt(45), 1e-12);
 * assertAlmostEquals(s[1], Math.sqrt(5), 1e-12);
 * ```
 */
export function singularValues(
  a: ArrayLike<number>,
  { rows, columns }: { rows: number; columns: number },
): Singular {
  const left = Array.from(
    { length: columns },
    (_, j) => Float64Array.from({ length: rows }, (_, i) => a[i * columns + j]),
  );
  const right = left.map((_, j) =>
    Float64Array.from({ length: columns }, (_, i) => i === j ? 1 : 0)
  );
  // Rotations converge quadratically: a dozen rounds are more than enough.
  let turned = true;
  for (let round = 0; turned && round < 40; round++) {
    turned = false;
    for (let p = 0; p < columns; p++) {
      for (let q = p + 1; q < columns; q++) {
        const by = rotation(left[p], left[q]);
        if (!by) continue;
        turned = true;
        turn(left[p], left[q], by);
        turn(right[p], right[q], by);
      }
    }
  }
  const lengths = left.map((column) => Math.sqrt(dot(column, column)));
  const order = lengths.map((_, j) => j).sort((i, j) => lengths[j] - lengths[i]);
  return {
    u: order.map((j) => left[j].map((x) => lengths[j] > 0 ? x / lengths[j] : 0)),
    s: order.map((j) => lengths[j]),
    v: order.map((j) => right[j]),
  };
}

/** The matrix of the `rank` largest singular values: the nearest of that rank. */
export function ofRank(
  a: ArrayLike<number>,
  { rows, columns, rank }: { rows: number; columns: number; rank: number },
): Float64Array {
  const { u, s, v } = singularValues(a, { rows, columns });
  const near = new Float64Array(rows * columns);
  for (let r = 0; r < Math.min(rank, columns); r++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) near[i * columns + j] += s[r] * u[r][i] * v[r][j];
    }
  }
  return near;
}
