/**
 * Parameters of a part, and how parts add up.
 *
 * @module
 */

/** Parameters of a part. */
export interface Count {
  /** All of them. */
  total: number;
  /** Those that one token uses. */
  active: number;
  /** Those of `active` that a token is multiplied with in a matrix product. */
  matmul: number;
}

/** A part that every token uses: `matmul` weights of products, and `other` parameters. */
export function always(matmul: number, other = 0): Count {
  return { total: matmul + other, active: matmul + other, matmul };
}

/** A part of which a token uses `k` of `n` equal pieces. */
export function chosen(piece: Count, n: number, k: number): Count {
  return { total: n * piece.total, active: k * piece.active, matmul: k * piece.matmul };
}

/** The sum of counts. */
export function add(...counts: readonly Count[]): Count {
  const sum = { total: 0, active: 0, matmul: 0 };
  for (const { total, active, matmul } of counts) {
    sum.total += total;
    sum.active += active;
    sum.matmul += matmul;
  }
  return sum;
}
