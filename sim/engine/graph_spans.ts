/**
 * What a run of a graph shows: the spans of its labelled tasks.
 *
 * @module
 */
import { type Graph, NO_LABEL, NO_LANE } from "./graph.ts";
import type { GraphResult } from "./run_graph.ts";
import { bySpanStart, type Span } from "./span.ts";

/**
 * Spans of the tasks that have a lane and a label, by start, rank, stream and end. A flow without a
 * lane has none, as it could lie over others.
 *
 * @example
 * ```ts
 * import { createGraph, graphSpans, runGraph } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const graph = createGraph();
 * const lane = graph.lane({ rank: 3, stream: "compute" });
 * graph.addTask(lane, 2, graph.label({ name: "experts", class: "compute", flops: 7 }));
 * assertEquals(graphSpans(graph, runGraph(graph)), [{
 *   rank: 3,
 *   stream: "compute",
 *   name: "experts",
 *   class: "compute",
 *   flops: 7,
 *   startSeconds: 0,
 *   endSeconds: 2,
 * }]);
 * ```
 */
export function graphSpans(
  graph: Graph,
  result: GraphResult,
  options: { ranks?: (rank: number) => boolean } = {},
): Span[] {
  const { tasks, lane, label, lanes, labels } = graph.columns();
  const { ranks = () => true } = options;
  const shown = lanes.map(({ rank }) => ranks(rank));
  const spans: Span[] = [];
  for (let task = 0; task < tasks; task++) {
    const on = lane[task];
    if (on === NO_LANE || label[task] === NO_LABEL || !shown[on]) continue;
    const { rank, stream } = lanes[on];
    const [startSeconds, endSeconds] = [result.start[task], result.end[task]];
    spans.push({ rank, stream, ...labels[label[task]], startSeconds, endSeconds });
  }
  return spans.sort(bySpanStart);
}
