/**
 * Times of a graph in which no order depends on the clock: a task starts when the last of those
 * before it ends, its neighbour on the lane included, so one walk in any order that respects the
 * edges gives all times (Kahn, "Topological sorting of large networks", CACM 5(11), 1962).
 *
 * @module
 */
import { type GraphColumns, NO_LANE } from "./graph.ts";
import type { RunState } from "./run_state.ts";

/** What `missing` says of a task that is done. */
const DONE = -1;

/** Fills in the times of all tasks that can run; gives the number of ends. */
export function longestPaths(columns: GraphColumns, state: RunState): number {
  const { tasks, lane, seconds, firstEdge, edge } = columns;
  const { start, end, missing, slot, last } = state;
  const ready: number[] = [];
  let done = 0;

  function follow(task: number, after: number): void {
    if (start[task] < after) start[task] = after;
    if (--missing[task] === 0) ready.push(task);
  }
  function finish(task: number): void {
    done++;
    missing[task] = DONE;
    const at = end[task] = start[task] + seconds[task];
    const on = lane[task];
    if (on !== NO_LANE) {
      const next = slot[task];
      slot[task] = last[on];
      last[on] = task;
      if (next >= 0) follow(next, at);
    }
    for (let e = firstEdge[task]; e > 0; e = edge[2 * e - 1]) follow(edge[2 * e - 2], at);
  }

  for (let task = 0; task < tasks; task++) {
    if (missing[task] === 0) ready.push(task);
    while (ready.length > 0) finish(ready.pop()!);
  }
  return state.done = done;
}
