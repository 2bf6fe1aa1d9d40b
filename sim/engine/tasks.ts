/**
 * Tasks by name on lanes, run to spans: a graph for hands and small numbers. What is built by the
 * million goes into a graph by number (`graph.ts`), which this is a coat of.
 *
 * A task is ready when all tasks that it comes after are done. A lane does its tasks one after the
 * other in the order in which they became ready; tasks that become ready at the same time go in the
 * order of the list. A task without a lane is a join: it takes no time, leaves no span, and saves
 * an all-to-all of R ranks from naming R times R dependencies.
 *
 * @module
 */
import { createGraph, type Graph, NO_LANE } from "./graph.ts";
import { runGraph } from "./run_graph.ts";
import { bySpanStart, type Span } from "./span.ts";

/** Work on a lane, after other work. */
export interface Task {
  /** Unique name in its graph. */
  id: string;
  /** Ids of the tasks that have to be done before. */
  after?: readonly string[];
  /** Seconds that it takes on its lane. */
  seconds?: number;
  /** What the span of the task says; a task without it is a join. */
  span?: Omit<Span, "startSeconds" | "endSeconds">;
}

/** The tasks by number: their places in the list. */
function graphOf(tasks: readonly Task[]): Graph {
  const graph = createGraph();
  const byId = new Map<string, number>();
  for (const { id, span, seconds = 0 } of tasks) {
    if (byId.has(id)) {
      throw new RangeError(`Cannot run the tasks: the id "${id}" is there twice`);
    }
    const lane = span ? graph.lane({ rank: span.rank, stream: span.stream }) : NO_LANE;
    byId.set(id, graph.addTask(lane, span ? seconds : 0));
  }
  for (const [task, { id, after = [] }] of tasks.entries()) {
    for (const other of after) {
      const before = byId.get(other);
      if (before === undefined) {
        throw new RangeError(`Cannot run task "${id}": no task "${other}" to come after`);
      }
      graph.edge(before, task);
    }
  }
  return graph;
}

/**
 * Runs tasks to the end and gives their spans by start, rank and lane.
 *
 * @throws {RangeError} for an id given twice, a dependency that is no task, a task that takes less
 * than 0 seconds, and for tasks that wait for each other.
 *
 * @example
 * ```ts
 * import { runTasks } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const lane = { rank: 0, stream: "compute", class: "compute" } as const;
 * const spans = runTasks([
 *   { id: "b", seconds: 1, after: ["a"], span: { ...lane, name: "second" } },
 *   { id: "a", seconds: 2, span: { ...lane, name: "first" } },
 * ]);
 * assertEquals(spans.map((s) => [s.name, s.startSeconds, s.endSeconds]), [
 *   ["first", 0, 2],
 *   ["second", 2, 3],
 * ]);
 * ```
 */
export function runTasks(tasks: readonly Task[]): Span[] {
  const { start, end } = runGraph(graphOf(tasks), { name: (task) => tasks[task].id });
  return tasks.flatMap(({ span }, task): Span[] =>
    span ? [{ ...span, startSeconds: start[task], endSeconds: end[task] }] : []
  ).sort(bySpanStart);
}
