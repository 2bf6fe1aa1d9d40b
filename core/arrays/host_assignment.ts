/**
 * The assignment of rows to columns with equal loads and the largest sum of entries.
 *
 * Each column holds floor(T / E) rows, and T mod E of the columns one more. Rows come in one by one.
 * A row that comes in takes the shortest path to a free place: it may push a row out of a column,
 * which pushes another, and each push costs what the pushed row loses. Shortest augmenting paths keep
 * the assignment of the rows so far the best there is. With E columns a row costs O(T E + E^3), which
 * suits the few experts of a host's oracle.
 *
 * @module
 */
import type { HostMatrix } from "./host_matrix.ts";

/** The step onto a column: from which column, and which row goes along. */
interface Step {
  from: number;
  row: number;
}

/** The best assignment, a column for each row; see the module. */
export function assignmentOf({ shape: [rows, columns], data }: HostMatrix): Uint32Array {
  const whole = Math.floor(rows / columns);
  const extras = rows % columns;
  const at = new Uint32Array(rows);
  const members: Set<number>[] = Array.from({ length: columns }, () => new Set<number>());

  const hasRoom = (c: number) =>
    members[c].size < whole ||
    (members[c].size === whole && members.filter((m) => m.size > whole).length < extras);

  /** The cheapest way to move an entry from one column to another; a free place may move instead. */
  const push = (from: number, to: number) => {
    let best = { cost: Infinity, row: -1 };
    for (const row of members[from]) {
      const cost = data[row * columns + from] - data[row * columns + to];
      if (cost < best.cost) best = { cost, row };
    }
    const lends = members[from].size === whole && members[to].size > whole;
    return lends && best.cost > 0 ? { cost: 0, row: -1 } : best;
  };

  for (let row = 0; row < rows; row++) {
    const cost = Array.from({ length: columns }, (_, c) => -data[row * columns + c]);
    const steps: Step[] = cost.map(() => ({ from: -1, row }));
    const pushes = cost.map((_, from) => cost.map((_, to) => push(from, to)));
    for (let round = 1; round < columns; round++) {
      for (let from = 0; from < columns; from++) {
        for (let to = 0; to < columns; to++) {
          const length = cost[from] + pushes[from][to].cost;
          if (from === to || length >= cost[to] - 1e-12) continue;
          cost[to] = length;
          steps[to] = { from, row: pushes[from][to].row };
        }
      }
    }
    const free = cost.map((_, c) => c).filter(hasRoom);
    let to = free.reduce((best, c) => cost[c] < cost[best] ? c : best);
    for (; to >= 0; to = steps[to].from) {
      const { row: moved, from } = steps[to];
      if (moved < 0) continue;
      if (from >= 0) members[from].delete(moved);
      members[to].add(moved);
      at[moved] = to;
    }
  }
  return at;
}
