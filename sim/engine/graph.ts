/**
 * A graph of tasks, as columns of numbers: what a simulated step is made of before it is run.
 *
 * Vocabulary. *Task*: seconds of work on a lane, known by a whole number. *Lane*: a stream of a rank,
 * which does one task after the other. *Edge*: one task comes after another. *Join*: a task without a
 * lane and without time; a barrier of R ranks is one join and 2 R edges, not R times R edges. *Delay*:
 * seconds without a lane, of which any number may pass at once. *Flow*: bytes that move over links and
 * share them with the other flows of that time (`flow_network.ts`). *Label*: what the span of a task
 * says; tasks alike share one.
 *
 * A lane of order "ready" does its tasks as they become ready; among those that become ready at the
 * same time, the one added first. A lane of order "program" does them as they were added, and waits
 * for each, as a stream does with the kernels that were queued on it.
 *
 * A task costs 24 bytes here and 24 more while it runs, an edge 8.
 *
 * @module
 */
import { grown } from "./columns.ts";
import { createFlowTable, type FlowColumns, type GraphLink } from "./flow_table.ts";
import type { Span } from "./span.ts";

/** No lane: joins, delays, and flows beside everything else. */
export const NO_LANE: number = -1;

/** No label: the task leaves no span. */
export const NO_LABEL: number = -1;

/** A lane; a pair of rank and stream names one. */
export interface GraphLane extends Pick<Span, "rank" | "stream"> {
  /** Order of its tasks; "ready" unless given. */
  order?: "ready" | "program";
}

/** What the span of a task says. */
export type SpanLabel = Pick<Span, "name" | "class" | "bytes" | "flops">;

/** Bytes over links. */
export interface Flow {
  /** Links that they cross, each once. */
  links: readonly number[];
  /** Bytes that move, 0 or more. */
  bytes: number;
  /** Seconds before the first byte moves, in which the links are free for others; 0 unless given. */
  latencySeconds?: number;
  /** Lane that is taken from the start of the latency to the last byte; none unless given. */
  lane?: number;
  /** Label of its span; none unless given. */
  label?: number;
}

/** What a run reads of a graph. Columns may be longer than what is in them. */
export interface GraphColumns {
  /** Number of tasks. */
  tasks: number;
  /** Lane by task. */
  lane: Int32Array;
  /** Seconds by task; a flow of index f has -1 - f. */
  seconds: Float64Array;
  /** Label by task. */
  label: Int32Array;
  /** Edges that end at a task. */
  needs: Int32Array;
  /** One more than the last edge that begins at a task; 0 where none does. */
  firstEdge: Int32Array;
  /** Two numbers an edge e: the task at its end, and one more than the edge before it or 0. */
  edge: Int32Array;
  /** Lanes. */
  lanes: readonly Required<GraphLane>[];
  /** Labels. */
  labels: readonly SpanLabel[];
  /** Flows and links. */
  flows: FlowColumns;
}

/** A graph that grows; see the module. */
export interface Graph {
  /** The lane of a rank and stream, made where it is new. */
  lane(lane: GraphLane): number;
  /** A new label. */
  label(label: SpanLabel): number;
  /** A new link between devices or switches. */
  link(link: GraphLink): number;
  /** Sets what part of a link's bandwidth is left: 1 all, 0 a link that has failed. */
  scaleLink(link: number, factor: number): void;
  /**
   * Adds a task by plain numbers, for those who add millions.
   *
   * @throws {RangeError} for no such lane, or less than 0 or no finite number of seconds.
   */
  addTask(lane: number, seconds: number, label?: number): number;
  /** Adds a task. */
  task(task: { lane: number; seconds: number; label?: number }): number;
  /** Adds a join, after the tasks given. */
  join(after?: readonly number[]): number;
  /** Adds a flow. */
  flow(flow: Flow): number;
  /** Lets a task come after another. */
  edge(before: number, after: number): void;
  /** What is in it; valid until the next thing is added. */
  columns(): GraphColumns;
}

/**
 * Makes an empty graph.
 *
 * @example
 * ```ts
 * import { createGraph, runGraph } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const graph = createGraph();
 * const compute = [0, 1].map((rank) => graph.lane({ rank, stream: "compute" }));
 * const experts = graph.label({ name: "experts", class: "compute" });
 * const first = graph.addTask(compute[0], 2, experts);
 * const second = graph.addTask(compute[1], 1, experts);
 * graph.edge(first, second);
 * const { start, end, makespan } = runGraph(graph);
 * assertEquals([start[second], end[second], makespan], [2, 3, 3]);
 * ```
 */
export function createGraph(): Graph {
  let [lane, label] = [new Int32Array(64), new Int32Array(64)];
  let [needs, firstEdge] = [new Int32Array(64), new Int32Array(64)];
  let seconds = new Float64Array(64);
  let edge = new Int32Array(128);
  let tasks = 0;
  let edges = 0;
  const lanes: Required<GraphLane>[] = [];
  const laneIds = new Map<string, number>();
  const labels: SpanLabel[] = [];
  const flows = createFlowTable();

  function grow(): void {
    [lane, label, needs] = [grown(lane), grown(label), grown(needs)];
    [firstEdge, seconds] = [grown(firstEdge), grown(seconds)];
  }
  function add(onLane: number, takes: number, says: number): number {
    if (!(onLane >= NO_LANE && onLane < lanes.length)) {
      throw new RangeError(`Cannot add a task to lane ${onLane}: there are ${lanes.length}`);
    }
    if (tasks === lane.length) grow();
    lane[tasks] = onLane;
    seconds[tasks] = takes;
    label[tasks] = says;
    return tasks++;
  }
  function addTask(onLane: number, takes: number, says = NO_LABEL): number {
    if (!(takes >= 0 && takes < Infinity)) {
      throw new RangeError(`Cannot use a lane for ${takes} s: wanted 0 or more`);
    }
    return add(onLane, takes, says);
  }
  function addEdge(before: number, after: number): void {
    if (!(before >= 0 && before < tasks && after >= 0 && after < tasks)) {
      throw new RangeError(`Cannot put task ${after} after ${before}: there are ${tasks} tasks`);
    }
    if (2 * edges + 2 > edge.length) edge = grown(edge);
    edge[2 * edges] = after;
    edge[2 * edges + 1] = firstEdge[before];
    firstEdge[before] = ++edges;
    needs[after]++;
  }

  return {
    lane({ rank, stream, order = "ready" }) {
      const key = `${rank}/${stream}`;
      const known = laneIds.get(key) ?? lanes.length;
      if (known === lanes.length) {
        lanes.push({ rank, stream, order });
        laneIds.set(key, known);
      } else if (lanes[known].order !== order) {
        throw new RangeError(
          `Cannot make lane ${key} of order "${order}": it is there with "${lanes[known].order}"`,
        );
      }
      return known;
    },
    label: (says) => labels.push(says) - 1,
    link: flows.link,
    scaleLink: flows.scaleLink,
    addTask,
    task: (task) => addTask(task.lane, task.seconds, task.label),
    join(after = []) {
      const id = addTask(NO_LANE, 0);
      for (const before of after) addEdge(before, id);
      return id;
    },
    flow({ links, bytes, latencySeconds = 0, lane: onLane = NO_LANE, label: says = NO_LABEL }) {
      return add(onLane, -1 - flows.add(tasks, { links, bytes, latencySeconds }), says);
    },
    edge: addEdge,
    columns: () => ({
      ...{ tasks, lane, seconds, label, needs, firstEdge, edge },
      ...{ lanes, labels, flows: flows.columns() },
    }),
  };
}
