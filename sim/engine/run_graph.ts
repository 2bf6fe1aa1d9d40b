/**
 * From a graph to the times of its tasks.
 *
 * Where every lane keeps to its program and no bytes share a link, nothing depends on what happens
 * first: the times are the longest paths of the graph, found without a clock (`longest_paths.ts`).
 * Otherwise the clock decides (`event_loop.ts`). Both give the same numbers where both apply.
 *
 * @module
 */
import { describeDeadlock } from "./deadlock.ts";
import { runEvents } from "./event_loop.ts";
import { createFlowNetwork } from "./flow_network.ts";
import type { Graph, GraphColumns } from "./graph.ts";
import { longestPaths } from "./longest_paths.ts";
import { createRunState, type RunState } from "./run_state.ts";

/** Times of the tasks of a graph. */
export interface GraphResult {
  /** Start by task, seconds since the start of the simulation. */
  start: Float64Array;
  /** End by task, likewise. */
  end: Float64Array;
  /** The task before it on its lane by task, -1 for the first one and for tasks without a lane. */
  previous: Int32Array;
  /** End of the last task, 0 where there is none. */
  makespan: number;
  /** Things that happened: ends of tasks, joins included, and first bytes of flows. */
  events: number;
}

/** How a graph is run. */
export interface RunOptions {
  /** What messages call a task; its number and label unless given. */
  name?: (task: number) => string;
  /**
   * True where the clock has to be used even if no order depends on it, to test the one way by the
   * other.
   */
  clock?: boolean;
}

/** Whether no order depends on the clock. */
function clockless({ lanes, flows }: GraphColumns): boolean {
  return flows.flows === 0 && lanes.every(({ order }) => order === "program");
}

function lastEnd(end: Float64Array): number {
  let last = 0;
  for (let task = 0; task < end.length; task++) if (end[task] > last) last = end[task];
  return last;
}

/** Runs all tasks of the columns; gives the number of events. */
function runAll(columns: GraphColumns, state: RunState, clock: boolean): number {
  if (!clock && clockless(columns)) return longestPaths(columns, state);
  return runEvents(columns, state, createFlowNetwork(columns.flows));
}

/**
 * Runs a graph from time 0.
 *
 * @throws {RangeError} where tasks wait for each other, with their names.
 * @throws {UserError} where bytes should cross a link that has failed.
 *
 * @example
 * ```ts
 * import { createGraph, runGraph } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * // Two flows share a link until the smaller one is done.
 * const graph = createGraph();
 * const link = graph.link({ name: "nic 0 up", bytesPerSecond: 10 });
 * graph.flow({ links: [link], bytes: 10 });
 * graph.flow({ links: [link], bytes: 20 });
 * assertEquals([...runGraph(graph).end], [2, 3]);
 * ```
 */
export function runGraph(graph: Graph, options: RunOptions = {}): GraphResult {
  const columns = graph.columns();
  const state = createRunState(columns);
  const events = runAll(columns, state, options.clock ?? false);
  if (state.done < columns.tasks) {
    throw new RangeError(`Cannot run the tasks: ${describeDeadlock(columns, state, options)}`);
  }
  const { start, end, slot } = state;
  return { start, end, previous: slot, makespan: lastEnd(end), events };
}
