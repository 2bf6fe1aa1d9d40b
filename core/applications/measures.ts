/**
 * Measures of held-out batches.
 *
 * @module
 */

/** The index of the largest of `columns` numbers in each row. */
export function bestOfRows(a: ArrayLike<number>, columns: number): number[] {
  return Array.from({ length: a.length / columns }, (_, r) => {
    let best = 0;
    for (let c = 1; c < columns; c++) {
      if (a[r * columns + c] > a[r * columns + best]) best = c;
    }
    return best;
  });
}

/** The mean of numbers. */
export const meanOfValues = (a: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, v) => sum + v, 0) / a.length;

/** How many experts are used as if evenly: exp of the entropy of shares, which are made to sum to 1. */
export function evenExperts(shares: readonly number[]): number {
  const whole = shares.reduce((sum, v) => sum + v, 0);
  const entropy = shares.filter((v) => v > 0)
    .reduce((sum, v) => sum - v / whole * Math.log(v / whole), 0);
  return Math.exp(entropy);
}
