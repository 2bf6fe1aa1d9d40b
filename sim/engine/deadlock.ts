/**
 * Why a graph stands still: tasks that wait for each other in a ring.
 *
 * @module
 */
import { type GraphColumns, NO_LABEL, NO_LANE } from "./graph.ts";
import type { RunState } from "./run_state.ts";

/** Names in a message; the rest is counted. */
const NAMED = 8;

/** What a task waits for, by task: one that is stuck like itself; -1 for tasks that are done. */
function stuckBefore(columns: GraphColumns, state: RunState): Int32Array {
  const { tasks, firstEdge, edge } = columns;
  const { missing, slot, program } = state;
  const before = new Int32Array(tasks).fill(-1);
  for (let task = 0; task < tasks; task++) {
    if (missing[task] <= 0) continue;
    for (let e = firstEdge[task]; e > 0; e = edge[2 * e - 1]) before[edge[2 * e - 2]] = task;
    const on = columns.lane[task];
    if (on !== NO_LANE && program[on] === 1 && slot[task] >= 0) before[slot[task]] = task;
  }
  return before;
}

/** The tasks of a ring of waits, each after the one it waits for, lowest number first. */
export function ringOfWaits(columns: GraphColumns, state: RunState): number[] {
  const before = stuckBefore(columns, state);
  const seen = new Set<number>();
  let task = state.missing.findIndex((missing) => missing > 0);
  for (; !seen.has(task); task = before[task]) seen.add(task);
  const ring = [task];
  for (let other = before[task]; other !== task; other = before[other]) ring.unshift(other);
  const least = ring.indexOf(ring.reduce((a, b) => Math.min(a, b)));
  return [...ring.slice(least), ...ring.slice(0, least)];
}

/** What a task is called where nobody named it. */
function taskName({ label, labels, lane, lanes }: GraphColumns, task: number): string {
  const says = label[task] === NO_LABEL ? "" : ` ${labels[label[task]].name}`;
  const on = lane[task] === NO_LANE ? "" : ` of rank ${lanes[lane[task]].rank}`;
  return `task ${task}${says}${on}`;
}

/** The ring in words. */
export function describeDeadlock(
  columns: GraphColumns,
  state: RunState,
  options: { name?: (task: number) => string } = {},
): string {
  const { name = (task) => taskName(columns, task) } = options;
  const ring = ringOfWaits(columns, state);
  const more = ring.length > NAMED ? ` and ${ring.length - NAMED} more` : "";
  const named = ring.slice(0, NAMED).map((task) => `"${name(task)}"`).join(", ");
  return ring.length === 1 ? `${named} waits for itself` : `${named}${more} wait for each other`;
}
