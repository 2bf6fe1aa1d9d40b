import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createIndexedHeap } from "../../../sim/engine/indexed_heap.ts";
import { addTime, createTimeHeap, leastTime, takeLeast } from "../../../sim/engine/time_heap.ts";

Deno.test("the heap by time gives what a sorted list gives, with adds between takes", () => {
  const steps = fc.array(fc.oneof(fc.nat(20), fc.constant(-1)), { maxLength: 400 });
  fc.assert(
    fc.property(steps, (steps) => {
      const heap = createTimeHeap();
      let list: number[] = [];
      for (const [item, step] of steps.entries()) {
        if (step >= 0) {
          addTime(heap, step, item);
          list.push(step);
        } else {
          assertEquals(leastTime(heap), Math.min(Infinity, ...list));
          const taken = takeLeast(heap);
          assertEquals(taken < 0 ? undefined : steps[taken], list.sort((a, b) => a - b)[0]);
          list = list.slice(1);
        }
      }
      list.sort((a, b) => a - b);
      assertEquals(list.map(() => steps[takeLeast(heap)]), list);
      assertEquals([takeLeast(heap), leastTime(heap)], [-1, Infinity]);
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("the heap by number knows the least key through changes and removals", () => {
  const changes = fc.array(fc.tuple(fc.nat(29), fc.integer({ min: -20, max: 50 })), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(changes, (changes) => {
      const heap = createIndexedHeap(30);
      const keys = new Map<number, number>();
      for (const [item, key] of changes) {
        if (key < 0) {
          heap.remove(item);
          keys.delete(item);
        } else {
          heap.set(item, key);
          keys.set(item, key);
        }
        assertEquals(heap.leastKey(), Math.min(Infinity, ...keys.values()));
        assertEquals(heap.least() < 0 ? Infinity : keys.get(heap.least()), heap.leastKey());
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});
