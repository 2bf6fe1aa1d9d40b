import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { createEngine } from "../../../sim/engine/engine.ts";
import { createLane } from "../../../sim/engine/resource.ts";

Deno.test("the clock jumps from event to event", () => {
  const engine = createEngine();
  const seen: [string, number][] = [];
  const note = (name: string) => () => seen.push([name, engine.now]);
  engine.schedule(3, note("c"));
  engine.schedule(1, () => {
    note("a")();
    engine.schedule(1, note("now"));
    engine.schedule(2, note("b"));
  });
  assertEquals([engine.peek(), engine.pending, engine.now], [1, 2, 0]);
  assertEquals(engine.run(), 3);
  assertEquals(seen, [["a", 1], ["now", 1], ["b", 2], ["c", 3]]);
  assertEquals([engine.step(), engine.peek()], [false, Infinity]);
});

Deno.test("events of the same time go by priority, then in the order they were planned", () => {
  const engine = createEngine();
  const seen: string[] = [];
  engine.schedule(1, () => seen.push("first"));
  engine.schedule(1, () => seen.push("second"));
  engine.schedule(1, () => seen.push("early"), { priority: -1 });
  engine.run();
  assertEquals(seen, ["early", "first", "second"]);
});

Deno.test("run until a time leaves what comes later", () => {
  const engine = createEngine();
  const seen: number[] = [];
  for (const at of [1, 2, 3]) engine.schedule(at, () => seen.push(at));
  assertEquals(engine.run({ until: 2 }), 2);
  assertEquals(engine.run({ until: 2.5 }), 2.5);
  assertEquals([seen, engine.pending], [[1, 2], 1]);
  assertThrows(() => engine.run({ until: 1 }), RangeError, "until 1 s: the clock is at 2.5 s");
});

Deno.test("the past and no time at all are refused", () => {
  const engine = createEngine();
  engine.schedule(2, () => {});
  engine.run();
  for (const at of [1, NaN, Infinity]) {
    assertThrows(() => engine.schedule(at, () => {}), RangeError, `${at} s: the clock is at 2 s`);
  }
});

Deno.test("an event that fails is loud, and nothing goes on after it", () => {
  const engine = createEngine();
  const failure = new Error("a bug");
  let later = false;
  engine.schedule(1, () => {
    throw failure;
  });
  engine.schedule(2, () => later = true);
  assertStrictEquals(assertThrows(() => engine.run()), failure);
  const refused = assertThrows(() => engine.run(), Error, "Cannot go on: an event at 1 s failed");
  assertStrictEquals(refused.cause, failure);
  assertEquals(later, false);
});

Deno.test("an event may not run the engine that runs it", () => {
  const engine = createEngine();
  engine.schedule(1, () => engine.run());
  engine.schedule(1, () => {});
  assertThrows(() => engine.run(), Error, "within an event, at 1 s");
});

Deno.test("a lane works in the order of requests and idles until asked", () => {
  const engine = createEngine();
  const lane = createLane(engine);
  const turns: [string, number, number][] = [];
  const use = (name: string, seconds: number) =>
    lane.use(seconds, (t) => turns.push([name, t.startSeconds, t.endSeconds]));
  use("a", 2);
  use("b", 1);
  engine.schedule(10, () => use("c", 0.5));
  engine.run();
  assertEquals(turns, [["a", 0, 2], ["b", 2, 3], ["c", 10, 10.5]]);
  assertEquals([lane.busySeconds, lane.freeAt], [3.5, 10.5]);
  assertThrows(() => use("d", -1), RangeError, "for -1 s");
  assertThrows(() => use("d", NaN), RangeError, "for NaN s");
});
