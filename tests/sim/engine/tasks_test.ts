import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Span } from "../../../sim/engine/span.ts";
import { runTasks, type Task } from "../../../sim/engine/tasks.ts";

const on = (rank: number, name: string, stream: "compute" | "communication" = "compute") =>
  ({ rank, name, stream, class: stream }) as const;
const times = (spans: Span[]) => spans.map((s) => [s.name, s.startSeconds, s.endSeconds]);

Deno.test("a task starts when those before it are done and its lane is free", () => {
  const spans = runTasks([
    { id: "a", seconds: 2, span: on(0, "a") },
    { id: "b", seconds: 3, span: on(1, "b") },
    { id: "c", seconds: 1, after: ["a"], span: on(0, "c", "communication") },
    { id: "d", seconds: 1, after: ["a", "b"], span: on(0, "d") },
    { id: "e", seconds: 5, span: on(0, "e") },
  ]);
  assertEquals(times(spans), [["a", 0, 2], ["b", 0, 3], ["c", 2, 3], ["e", 2, 7], ["d", 7, 8]]);
});

Deno.test("tasks ready at the same time go in the order of the list", () => {
  const spans = runTasks([
    { id: "second", seconds: 1, after: ["y"], span: on(0, "second") },
    { id: "third", seconds: 1, after: ["x"], span: on(0, "third") },
    { id: "x", seconds: 1, span: on(1, "x") },
    { id: "y", seconds: 1, span: on(2, "y") },
    { id: "first", seconds: 1, span: on(0, "first") },
  ]);
  assertEquals(
    spans.filter((s) => s.rank === 0).map((s) => s.name),
    ["first", "second", "third"],
  );
});

Deno.test("a join takes no time and leaves no span", () => {
  const spans = runTasks([
    { id: "a", seconds: 1, span: on(0, "a") },
    { id: "b", seconds: 4, span: on(1, "b") },
    { id: "all", after: ["a", "b"] },
    { id: "c", seconds: 1, after: ["all"], span: on(0, "c") },
  ]);
  assertEquals(times(spans), [["a", 0, 1], ["b", 0, 4], ["c", 4, 5]]);
});

Deno.test("graphs that cannot run are refused by name", () => {
  const refused = (tasks: Task[], text: string) =>
    assertThrows(() => runTasks(tasks), RangeError, text);
  refused([{ id: "a", after: ["b"] }, { id: "b", after: ["a"] }], '"a", "b" wait for each other');
  refused([{ id: "a", after: ["z"] }], 'task "a": no task "z"');
  refused([{ id: "a" }, { id: "a" }], 'the id "a" is there twice');
  refused([{ id: "a", seconds: -1, span: on(0, "a") }], "for -1 s");
});

const graphs = fc.array(
  fc.record({
    seconds: fc.double({ min: 0, max: 5, noNaN: true }),
    rank: fc.nat(2),
    stream: fc.constantFrom("compute" as const, "communication" as const),
    before: fc.array(fc.nat(99), { maxLength: 3 }),
  }),
  { maxLength: 25 },
).map((list) =>
  list.map((t, i): Task => ({
    id: `${i}`,
    seconds: t.seconds,
    after: i === 0 ? [] : [...new Set(t.before.map((b) => `${b % i}`))],
    span: on(t.rank, `${i}`, t.stream),
  }))
);

Deno.test("every task runs once, after those before it, and lanes never overlap", () => {
  fc.assert(fc.property(graphs, (tasks) => {
    const spans = runTasks(tasks);
    const byName = new Map(spans.map((s) => [s.name, s]));
    assertEquals(byName.size, tasks.length);
    for (const task of tasks) {
      const span = byName.get(task.id)!;
      assertAlmostEquals(span.endSeconds - span.startSeconds, task.seconds!, 1e-9);
      for (const id of task.after!) assert(byName.get(id)!.endSeconds <= span.startSeconds);
    }
    for (const a of spans) {
      for (const b of spans) {
        if (a === b || a.rank !== b.rank || a.stream !== b.stream) continue;
        assert(a.endSeconds <= b.startSeconds || b.endSeconds <= a.startSeconds);
      }
    }
    assertEquals(runTasks(tasks), spans);
  }));
});
