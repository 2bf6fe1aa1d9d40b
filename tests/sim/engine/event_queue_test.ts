import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createEventQueue } from "../../../sim/engine/event_queue.ts";

function drain<T>(queue: ReturnType<typeof createEventQueue<T>>): T[] {
  const out: T[] = [];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) out.push(next.item);
  return out;
}

Deno.test("the queue goes by time, then priority, then arrival", () => {
  const queue = createEventQueue<string>();
  queue.push("time 1, priority 0, first", { time: 1 });
  queue.push("time 1, priority 0, second", { time: 1, priority: 0 });
  queue.push("time 1, priority -1", { time: 1, priority: -1 });
  queue.push("time 1, priority 5", { time: 1, priority: 5 });
  queue.push("time 0.5", { time: 0.5, priority: 9 });
  assertEquals(queue.peek(), 0.5);
  assertEquals(drain(queue), [
    "time 0.5",
    "time 1, priority -1",
    "time 1, priority 0, first",
    "time 1, priority 0, second",
    "time 1, priority 5",
  ]);
  assertEquals([queue.size, queue.peek(), queue.pop()], [0, Infinity, undefined]);
});

Deno.test("the queue is a stable sort, whatever is pushed and popped between", () => {
  const key = fc.record({ time: fc.integer({ min: 0, max: 3 }), priority: fc.integer({ max: 1 }) });
  fc.assert(fc.property(fc.array(fc.option(key), { maxLength: 60 }), (moves) => {
    const queue = createEventQueue<number>();
    let model: { time: number; priority: number; index: number }[] = [];
    moves.forEach((move, index) => {
      if (move !== null) {
        queue.push(index, move);
        model.push({ ...move, index });
        model = model.toSorted((a, b) => a.time - b.time || a.priority - b.priority);
      } else {
        assertEquals(queue.pop()?.item, model.shift()?.index);
      }
    });
    assertEquals(queue.size, model.length);
    assertEquals(drain(queue), model.map((entry) => entry.index));
  }));
});

Deno.test("an event costs little more in a long queue than in a short one", () => {
  const secondsPerEvent = (n: number) => {
    const start = performance.now();
    const queue = createEventQueue<number>();
    for (let i = 0; i < n; i++) queue.push(i, { time: Math.imul(i, 1664525) >>> 8 });
    while (queue.size > 0) queue.pop();
    return (performance.now() - start) / n;
  };
  const best = (n: number) => Math.min(...Array.from({ length: 5 }, () => secondsPerEvent(n)));
  const ratio = best(64_000) / best(2000);
  assert(ratio < 10, `${ratio} times as much in a queue 32 times as long`);
});
