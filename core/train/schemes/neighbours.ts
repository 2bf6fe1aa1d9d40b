/**
 * Rows of a matrix that lie nearest to another: what is expected of a text is the mean of what was found of
 * its neighbours (Fusion of Experts, arXiv 2310.01542, section 4).
 *
 * @module
 */

/** Rows [N, D], one behind the other. */
export interface RowsOf {
  /** Numbers, row by row. */
  data: ArrayLike<number>;
  /** Numbers of a row, D. */
  width: number;
}

/**
 * The `count` rows of `among` that lie nearest to a row of others, nearest first; equally far ones by their
 * number.
 *
 * @throws {RangeError} where rows are of another width, or fewer than asked for.
 *
 * @example
 * ```ts
 * import { nearestRows } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const among = { data: [0, 0, 5, 5, 1, 0], width: 2 };
 * assertEquals(nearestRows({ data: [0.4, 0], width: 2 }, { row: 0, among, count: 2 }), [0, 2]);
 * ```
 */
export function nearestRows(
  of: RowsOf,
  { row, among, count }: { row: number; among: RowsOf; count: number },
): number[] {
  const { width } = of;
  const rows = among.data.length / among.width;
  if (width !== among.width || !(count >= 1 && count <= rows)) {
    throw new RangeError(
      `Looked for ${count} neighbours of rows of ${width} among ${rows} rows of ${among.width}: ` +
        "wanted rows of one width, and no more than there are",
    );
  }
  const near: number[] = [];
  const far: number[] = [];
  const { data } = among;
  const from = row * width;
  for (let other = 0; other < rows; other++) {
    const limit = near.length < count ? Infinity : far[count - 1];
    const at = other * width;
    let apart = 0;
    for (let i = 0; i < width && apart < limit; i++) {
      const off = of.data[from + i] - data[at + i];
      apart += off * off;
    }
    if (apart >= limit) continue;
    let place = Math.min(near.length, count - 1);
    for (; place > 0 && far[place - 1] > apart; place--) {
      [near[place], far[place]] = [near[place - 1], far[place - 1]];
    }
    [near[place], far[place]] = [other, apart];
  }
  return near;
}
