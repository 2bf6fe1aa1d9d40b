import { assert, assertEquals } from "@std/assert";
import { chromeTrace } from "../../reports/trace.ts";
import { fixture } from "./fixture.ts";

const { timelines } = fixture();
const { traceEvents } = chromeTrace(timelines);
const complete = traceEvents.filter((e) => e.ph === "X");

Deno.test("every span is one event, and time is kept to the nanosecond", () => {
  assertEquals(complete.length, timelines.reduce((n, t) => n + t.spans.length, 0));
  const span = timelines[0].spans[5];
  assertEquals(complete[5].name, span.name);
  assertEquals(complete[5].cat, span.class);
  assert(Math.abs(complete[5].ts! - span.startSeconds * 1e6) < 0.001);
  assert(Math.abs(complete[5].dur! - (span.endSeconds - span.startSeconds) * 1e6) <= 0.002);
});

Deno.test("one process a rank of a timeline, named, and one thread a stream", () => {
  const processes = traceEvents.filter((e) => e.name === "process_name");
  assertEquals(processes.length, 16);
  assertEquals(processes[0].args.name, "One step, in sequence: rank 0");
  assertEquals(new Set(processes.map((e) => e.pid)).size, 16);
  const threads = traceEvents.filter((e) => e.name === "thread_name");
  assertEquals(new Set(threads.map((e) => `${e.pid}/${e.tid}`)).size, 32);
  assertEquals(new Set(threads.map((e) => e.args.name)), new Set(["compute", "communication"]));
});

Deno.test("events of one lane do not overlap", () => {
  const ends = new Map<string, number>();
  for (const e of complete.toSorted((a, b) => a.ts! - b.ts!)) {
    const lane = `${e.pid}/${e.tid}`;
    assert(e.ts! >= (ends.get(lane) ?? 0) - 0.002, `${e.name} starts before its lane is free`);
    ends.set(lane, e.ts! + e.dur!);
  }
});

Deno.test("no timelines make an empty trace", () => {
  assertEquals(chromeTrace([]).traceEvents, []);
});
