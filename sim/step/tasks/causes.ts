/**
 * What each task of a run waited for last.
 *
 * @module
 */
import { type GraphColumns, NO_LANE } from "../../engine/graph.ts";
import type { GraphResult } from "../../engine/run_graph.ts";

/** Causes of a run. */
export interface Causes {
  /**
   * By task, the one that ended last of those that it waited for: its neighbour on the stream where
   * others ended at the same time, and -1 where it waited for nothing.
   */
  cause: Int32Array;
  /** The tasks that end in a join: those of join t are `before[from[t]]` to `before[from[t + 1] - 1]`. */
  from: Int32Array;
  before: Int32Array;
}

/** The causes of a run. */
export function causesOf(columns: GraphColumns, times: GraphResult): Causes {
  const { tasks, lane, needs, firstEdge, edge } = columns;
  const { end, previous } = times;
  const cause = previous.slice(0, tasks);
  const from = new Int32Array(tasks + 1);
  for (let task = 0; task < tasks; task++) {
    from[task + 1] = from[task] + (lane[task] === NO_LANE ? needs[task] : 0);
  }
  const before = new Int32Array(from[tasks]);
  const filled = from.slice(0, tasks);
  for (let task = 0; task < tasks; task++) {
    const at = end[task];
    for (let e = firstEdge[task]; e > 0; e = edge[2 * e - 1]) {
      const after = edge[2 * e - 2];
      if (lane[after] === NO_LANE) before[filled[after]++] = task;
      if (cause[after] < 0 || at > end[cause[after]]) cause[after] = task;
    }
  }
  return { cause, from, before };
}
