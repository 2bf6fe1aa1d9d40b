/**
 * The least sum of a square of costs with one of each row and each column: the Hungarian method, which
 * adds one row after the other along the cheapest path (Kuhn, "The Hungarian method for the assignment
 * problem", 1955).
 *
 * @module
 */

/** See the module; `cost(i, j)` is that of row i with column j, of `size` each. */
export function leastMatching(size: number, cost: (row: number, column: number) => number): number {
  if (size === 1) return cost(0, 0);
  if (size === 2) return Math.min(cost(0, 0) + cost(1, 1), cost(0, 1) + cost(1, 0));
  const [rows, columns] = [new Float64Array(size + 1), new Float64Array(size + 1)];
  // The row of a column, counted from 1; place 0 stands for the row that is added.
  const rowOf = new Int32Array(size + 1);
  for (let row = 1; row <= size; row++) {
    rowOf[0] = row;
    const least = new Float64Array(size + 1).fill(Infinity);
    const from = new Int32Array(size + 1);
    const seen = new Uint8Array(size + 1);
    let at = 0;
    do {
      seen[at] = 1;
      let next = 0;
      let delta = Infinity;
      for (let column = 1; column <= size; column++) {
        if (seen[column]) continue;
        const over = cost(rowOf[at] - 1, column - 1) - rows[rowOf[at]] - columns[column];
        if (over < least[column]) [least[column], from[column]] = [over, at];
        if (least[column] < delta) [delta, next] = [least[column], column];
      }
      for (let column = 0; column <= size; column++) {
        if (seen[column]) {
          rows[rowOf[column]] += delta;
          columns[column] -= delta;
        } else least[column] -= delta;
      }
      at = next;
    } while (rowOf[at] !== 0);
    for (; at !== 0; at = from[at]) rowOf[at] = rowOf[from[at]];
  }
  let sum = 0;
  for (let column = 1; column <= size; column++) sum += cost(rowOf[column] - 1, column - 1);
  return sum;
}
