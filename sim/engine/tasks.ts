/**
 * A graph of tasks on lanes, run to spans.
 *
 * A task is ready when all tasks that it comes after are done. A lane does its tasks one after the
 * other in the order in which they became ready; tasks that become ready at the same time go in the
 * order of the list. A task without a lane is a join: it takes no time, leaves no span, and saves
 * an all-to-all of R ranks from naming R times R dependencies.
 *
 * @module
 */
import { createEngine } from "./engine.ts";
import { createLane, type Lane } from "./resource.ts";
import type { Span } from "./span.ts";

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

interface Node {
  task: Task;
  index: number;
  missing: number;
  next: Node[];
}

/** Tasks that are done free their followers before a ready task of the same time is started. */
const DONE_FIRST = -1;

function graph(tasks: readonly Task[]): Node[] {
  const nodes = tasks.map((task, index): Node => ({ task, index, missing: 0, next: [] }));
  const byId = new Map(nodes.map((node) => [node.task.id, node]));
  if (byId.size < nodes.length) {
    const twice = nodes.find((node) => byId.get(node.task.id) !== node)!;
    throw new RangeError(`Cannot run the tasks: the id "${twice.task.id}" is there twice`);
  }
  for (const node of nodes) {
    for (const id of node.task.after ?? []) {
      const before = byId.get(id);
      if (before === undefined) {
        throw new RangeError(`Cannot run task "${node.task.id}": no task "${id}" to come after`);
      }
      before.next.push(node);
      node.missing++;
    }
  }
  return nodes;
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
  const engine = createEngine();
  const nodes = graph(tasks);
  const lanes = new Map<string, Lane>();
  const spans: Span[] = [];
  let done = 0;

  function laneOf(span: { rank: number; stream: string }): Lane {
    const key = `${span.rank}/${span.stream}`;
    let lane = lanes.get(key);
    if (lane === undefined) lanes.set(key, lane = createLane(engine));
    return lane;
  }
  function finish(node: Node): void {
    done++;
    for (const next of node.next) if (--next.missing === 0) ready(next);
  }
  function ready(node: Node): void {
    engine.schedule(engine.now, () => start(node), { priority: node.index });
  }
  function start(node: Node): void {
    const { span, seconds = 0 } = node.task;
    if (span === undefined) return finish(node);
    laneOf(span).use(seconds, (turn) => {
      spans.push({ ...span, ...turn });
      finish(node);
    }, { priority: DONE_FIRST });
  }

  for (const node of nodes) if (node.missing === 0) ready(node);
  engine.run();
  if (done < nodes.length) {
    const stuck = nodes.filter((node) => node.missing > 0).map((node) => `"${node.task.id}"`);
    throw new RangeError(`Cannot run the tasks: ${stuck.join(", ")} wait for each other`);
  }
  return spans.sort((a, b) =>
    a.startSeconds - b.startSeconds || a.rank - b.rank ||
    (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : 0) || a.endSeconds - b.endSeconds
  );
}
