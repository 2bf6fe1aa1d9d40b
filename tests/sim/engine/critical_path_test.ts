import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { criticalPath } from "../../../sim/engine/critical_path.ts";
import { createGraph } from "../../../sim/engine/graph.ts";
import { graphSpans } from "../../../sim/engine/graph_spans.ts";
import { runGraph } from "../../../sim/engine/run_graph.ts";
import { build, specs } from "./random_graph.ts";

Deno.test("the path goes through dependencies, joins, lanes and flows, and says where time went", () => {
  const graph = createGraph();
  const lane = graph.lane({ rank: 0, stream: "compute" });
  const experts = graph.label({ name: "experts", class: "compute" });
  const exchange = graph.label({ name: "dispatch", class: "communication" });
  const link = graph.link({ name: "up", bytesPerSecond: 2 });
  const [a, b, c] = [3, 2, 1].map((seconds) => graph.addTask(lane, seconds, experts));
  const send = graph.flow({
    links: [link],
    bytes: 8,
    label: exchange,
    lane: graph.lane({ rank: 0, stream: "experts" }),
  });
  const join = graph.join([b]);
  graph.edge(join, send);
  graph.edge(send, c);
  const { tasks, secondsByClass, secondsByName } = criticalPath(graph, runGraph(graph));
  assertEquals(tasks, [c, send, b, a]);
  assertEquals(secondsByClass, { compute: 6, communication: 4, waiting: 0 });
  assertEquals(Object.entries(secondsByName), [["experts", 6], ["dispatch", 4]]);
});

Deno.test("an empty graph has an empty path", () => {
  const graph = createGraph();
  assertEquals(criticalPath(graph, runGraph(graph)).tasks, []);
});

Deno.test("the path has no gap from the end to 0", () => {
  const mixed = specs(fc.constantFrom("ready" as const, "program" as const));
  fc.assert(
    fc.property(mixed, (spec) => {
      const [graph] = build(spec);
      const result = runGraph(graph);
      const { tasks, secondsByName } = criticalPath(graph, result);
      let at = result.makespan;
      for (const task of tasks) {
        assertEquals(result.end[task], at);
        at = result.start[task];
      }
      assertEquals(at, 0);
      const total = Object.values(secondsByName).reduce((sum, seconds) => sum + seconds, 0);
      assertAlmostEquals(total, result.makespan, 1e-9);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("spans are of labelled tasks on lanes, by time, of the ranks that are wanted", () => {
  const graph = createGraph();
  const [zero, one] = [0, 1].map((rank) => graph.lane({ rank, stream: "data" }));
  const label = graph.label({ name: "reduce", class: "communication", bytes: 4 });
  graph.addTask(one, 1, label);
  graph.addTask(one, 1);
  graph.edge(graph.addTask(one, 1, label), graph.addTask(zero, 1, label));
  const result = runGraph(graph);
  const said = { stream: "data", name: "reduce", class: "communication", bytes: 4 } as const;
  assertEquals(graphSpans(graph, result), [
    { rank: 1, ...said, startSeconds: 0, endSeconds: 1 },
    { rank: 1, ...said, startSeconds: 2, endSeconds: 3 },
    { rank: 0, ...said, startSeconds: 3, endSeconds: 4 },
  ]);
  assert(graphSpans(graph, result, { ranks: (rank) => rank === 0 }).every((s) => s.rank === 0));
  assertEquals(graphSpans(graph, result, { ranks: (rank) => rank === 0 }).length, 1);
});
