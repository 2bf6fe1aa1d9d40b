import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createGraph, NO_LANE } from "../../../sim/engine/graph.ts";
import { runGraph } from "../../../sim/engine/run_graph.ts";
import { build, slowStarts, specs } from "./random_graph.ts";

const runs = { seed: 1, numRuns: 300 };
const mixed = specs(fc.constantFrom("ready" as const, "program" as const));
const programs = specs(fc.constant("program" as const));

Deno.test("a lane of order ready takes what is ready, a lane of order program waits", () => {
  for (const [order, starts] of [["ready", [2, 0]], ["program", [2, 3]]] as const) {
    const graph = createGraph();
    const lane = graph.lane({ rank: 0, stream: "compute", order });
    const late = graph.addTask(lane, 1);
    const early = graph.addTask(lane, 2);
    graph.edge(graph.addTask(graph.lane({ rank: 1, stream: "compute" }), 2), late);
    const { start, previous, makespan } = runGraph(graph);
    assertEquals([start[late], start[early]], [...starts]);
    assertEquals(previous[order === "ready" ? late : early], order === "ready" ? early : late);
    assertEquals(makespan, order === "ready" ? 3 : 5);
  }
});

Deno.test("who is ready first goes first, and at the same time who was added first", () => {
  const graph = createGraph();
  const lane = (rank: number) => graph.lane({ rank, stream: "compute" });
  const [b, a, first] = [0, 0, 0].map(() => graph.addTask(lane(0), 1));
  const [one, alsoOne] = [graph.addTask(lane(1), 1), graph.addTask(lane(2), 1)];
  graph.edge(alsoOne, b);
  graph.edge(one, a);
  assertEquals([first, b, a].map((task) => runGraph(graph).start[task]), [0, 1, 2]);
});

Deno.test("joins take no time, and delays pass side by side", () => {
  const graph = createGraph();
  const delays = [3, 5].map((seconds) => graph.task({ lane: NO_LANE, seconds }));
  const join = graph.join(delays);
  const after = graph.addTask(graph.lane({ rank: 0, stream: "host" }), 1);
  graph.edge(join, after);
  const { start, end, makespan, events } = runGraph(graph);
  assertEquals([start[join], end[join], start[after], makespan, events], [5, 5, 5, 6, 4]);
});

Deno.test("an empty graph takes no time", () => {
  const { start, makespan, events } = runGraph(createGraph());
  assertEquals([start.length, makespan, events], [0, 0, 0]);
});

Deno.test("the times are those of a slow executor, task by task", () => {
  fc.assert(
    fc.property(mixed, (spec) => {
      const [graph] = build(spec);
      assertEquals([...runGraph(graph).start], slowStarts(spec));
    }),
    runs,
  );
});

Deno.test("without the clock, the times are the same to the last bit", () => {
  fc.assert(
    fc.property(programs, (spec) => {
      const [graph] = build(spec);
      assertEquals(runGraph(graph), runGraph(graph, { clock: true }));
    }),
    runs,
  );
});

Deno.test("spans of a lane never overlap, and what comes before has ended", () => {
  fc.assert(
    fc.property(mixed, (spec) => {
      const [graph] = build(spec);
      const { start, end, previous } = runGraph(graph);
      spec.tasks.forEach(({ lane, seconds, after }, i) => {
        assertEquals(end[i], start[i] + seconds);
        for (const a of after) assert(end[a] <= start[i]);
        if (previous[i] >= 0) assert(end[previous[i]] <= start[i]);
        assertEquals(previous[i] >= 0 ? spec.tasks[previous[i]].lane : lane, lane);
      });
      for (let lane = 0; lane < spec.orders.length; lane++) {
        const own = spec.tasks.flatMap((task, i) => task.lane === lane ? [i] : []);
        assertEquals(own.filter((i) => previous[i] < 0).length, own.length > 0 ? 1 : 0);
        assertEquals(new Set(own.map((i) => previous[i])).size, own.length);
      }
    }),
    runs,
  );
});

Deno.test("the order in which different lanes were filled changes nothing", () => {
  const keys = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
    minLength: 40,
    maxLength: 40,
  });
  fc.assert(
    fc.property(mixed, keys, (spec, keys) => {
      // Tasks of a lane keep their order: they share out the sorted keys of their lane.
      const order = spec.tasks.map((_, i) => i).sort((a, b) => keys[a] - keys[b]);
      const byLane = Map.groupBy(order, (i) => spec.tasks[i].lane);
      for (const own of byLane.values()) own.sort((a, b) => b - a);
      const merged = order.map((i) => byLane.get(spec.tasks[i].lane)!.pop()!);
      const [[graph], [other, id]] = [build(spec), build(spec, merged)];
      const [{ start }, moved] = [runGraph(graph), runGraph(other)];
      assertEquals([...start], spec.tasks.map((_, i) => moved.start[id[i]]));
    }),
    runs,
  );
});

Deno.test("shorter tasks never make a graph of programs longer", () => {
  const shares = fc.array(fc.constantFrom(0, 0.5, 1), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(programs, shares, (spec, shares) => {
      const tasks = spec.tasks.map((task, i) => ({ ...task, seconds: task.seconds * shares[i] }));
      const [[graph], [shorter]] = [build(spec), build({ ...spec, tasks })];
      assert(runGraph(shorter).makespan <= runGraph(graph).makespan);
    }),
    runs,
  );
});

Deno.test("where lanes take what is ready, a shorter task may make the whole longer", () => {
  const makespan = (seconds: number) => {
    const graph = createGraph();
    const [a, b, c, d] = [0, 1, 2, 3].map((rank) => graph.lane({ rank, stream: "compute" }));
    const [urgent, idle] = [graph.addTask(c, 2), graph.addTask(c, 5)];
    graph.edge(graph.addTask(a, 1), urgent);
    graph.edge(graph.addTask(b, seconds), idle);
    graph.edge(urgent, graph.addTask(d, 10));
    return runGraph(graph).makespan;
  };
  assertEquals([makespan(2), makespan(0.5)], [13, 17.5]);
});

Deno.test("many tasks that end at once are served by their numbers", () => {
  const graph = createGraph();
  const lane = graph.lane({ rank: 0, stream: "compute" });
  const tasks = Array.from({ length: 500 }, () => graph.addTask(lane, 1));
  const gates = tasks.map(() => graph.task({ lane: NO_LANE, seconds: 1 })).reverse();
  tasks.forEach((task, i) => graph.edge(gates[i], task));
  assertEquals([...runGraph(graph).start.slice(0, 500)], tasks.map((_, i) => i + 1));
});

Deno.test("tasks that wait for each other are named, without those that wait for them", () => {
  const graph = createGraph();
  const lane = graph.lane({ rank: 2, stream: "compute", order: "program" });
  const label = graph.label({ name: "forward", class: "compute" });
  const [first, second, third] = [0, 1, 2].map(() => graph.addTask(lane, 1, label));
  const send = graph.join();
  graph.edge(second, send);
  graph.edge(send, first);
  graph.edge(third, graph.join([third]));
  for (const clock of [false, true]) {
    assertThrows(
      () => runGraph(graph, { clock }),
      RangeError,
      'Cannot run the tasks: "task 0 forward of rank 2", "task 1 forward of rank 2", "task 3" ' +
        "wait for each other",
    );
  }
  const name = (task: number) => `t${task}`;
  assertThrows(() => runGraph(graph, { name }), RangeError, '"t0", "t1", "t3" wait');
  const alone = createGraph();
  alone.edge(alone.join(), 0);
  assertThrows(() => runGraph(alone), RangeError, '"task 0" waits for itself');
});

Deno.test("a long ring of waits is named in part", () => {
  const graph = createGraph();
  const ring = Array.from({ length: 20 }, () => graph.join());
  ring.forEach((task, i) => graph.edge(task, ring[(i + 1) % 20]));
  assertThrows(() => runGraph(graph), RangeError, '"task 7" and 12 more wait for each other');
});

Deno.test("numbers that name nothing, and times that are none, are refused", () => {
  const graph = createGraph();
  const lane = graph.lane({ rank: 0, stream: "compute" });
  assertEquals(graph.lane({ rank: 0, stream: "compute" }), lane);
  assertThrows(() => graph.addTask(1, 1), RangeError, "to lane 1: there are 1");
  for (const seconds of [-1, NaN, Infinity]) {
    assertThrows(() => graph.addTask(lane, seconds), RangeError, `for ${seconds} s`);
  }
  assertThrows(() => graph.edge(0, 1), RangeError, "task 1 after 0: there are 0 tasks");
  assertThrows(
    () => graph.lane({ rank: 0, stream: "compute", order: "program" }),
    RangeError,
    'lane 0/compute of order "program": it is there with "ready"',
  );
});
