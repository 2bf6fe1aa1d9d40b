/**
 * Why a run took as long as it did.
 *
 * A task starts when something ends: the last of the tasks before it, or its neighbour on the lane.
 * Going back from the last end to what it waited for, and so on to time 0, gives a chain of tasks
 * without a gap between them, whose seconds add up to the makespan: the critical path. To be faster,
 * something on it has to be shorter. It need not be the only one; among tasks that end at the same
 * time it takes the one with the lowest number, and a dependency before a neighbour.
 *
 * @module
 */
import { type Graph, type GraphColumns, NO_LABEL, NO_LANE } from "./graph.ts";
import type { GraphResult } from "./run_graph.ts";
import type { SpanClass } from "./span.ts";

/** A critical path. */
export interface CriticalPath {
  /** Its tasks from the end to the start; joins are left out. */
  tasks: number[];
  /** Its seconds by class of span; what has no label is in none. */
  secondsByClass: Record<SpanClass, number>;
  /** Its seconds by name of span, longest first; what has no label is "unnamed". */
  secondsByName: Record<string, number>;
}

/** By task, the one among its dependencies that ended last; -1 where it has none. */
function lastBefore({ tasks, firstEdge, edge }: GraphColumns, end: Float64Array): Int32Array {
  const last = new Int32Array(tasks).fill(-1);
  for (let task = 0; task < tasks; task++) {
    for (let e = firstEdge[task]; e > 0; e = edge[2 * e - 1]) {
      const after = edge[2 * e - 2];
      if (last[after] < 0 || end[task] > end[last[after]]) last[after] = task;
    }
  }
  return last;
}

function lastTask({ end, makespan }: GraphResult): number {
  return end.findIndex((seconds) => seconds === makespan);
}

/**
 * The critical path of a run.
 *
 * @example
 * ```ts
 * import { createGraph, criticalPath, runGraph } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const graph = createGraph();
 * const lane = (rank: number) => graph.lane({ rank, stream: "compute" });
 * const label = (name: string) => graph.label({ name, class: "compute" });
 * const first = graph.addTask(lane(0), 2, label("gate"));
 * graph.addTask(lane(1), 1, label("idle soon"));
 * const second = graph.addTask(lane(1), 3, label("experts"));
 * graph.edge(first, second);
 * const { tasks, secondsByName } = criticalPath(graph, runGraph(graph));
 * assertEquals(tasks, [second, first]);
 * assertEquals(secondsByName, { experts: 3, gate: 2 });
 * ```
 */
export function criticalPath(graph: Graph, result: GraphResult): CriticalPath {
  const columns = graph.columns();
  const { lane, label, labels } = columns;
  const { start, end, previous } = result;
  const before = lastBefore(columns, end);
  const path: number[] = [];
  const secondsByClass = { compute: 0, communication: 0, waiting: 0 };
  const byName = new Map<string, number>();

  for (let task = lastTask(result); task >= 0;) {
    const seconds = end[task] - start[task];
    if (lane[task] !== NO_LANE || seconds > 0) path.push(task);
    const says = label[task] === NO_LABEL ? undefined : labels[label[task]];
    if (says) secondsByClass[says.class] += seconds;
    const name = says?.name ?? "unnamed";
    if (seconds > 0) byName.set(name, (byName.get(name) ?? 0) + seconds);
    const [cause, neighbour] = [before[task], previous[task]];
    const queued = neighbour >= 0 && (cause < 0 || end[neighbour] > end[cause]);
    task = queued ? neighbour : cause;
  }
  const secondsByName = Object.fromEntries([...byName].sort(([, a], [, b]) => b - a));
  return { tasks: path, secondsByClass, secondsByName };
}
