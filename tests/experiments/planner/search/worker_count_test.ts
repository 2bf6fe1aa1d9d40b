import { assertEquals, assertThrows } from "@std/assert";
import { workerCount } from "../../../../experiments/planner/search/worker_count.ts";

Deno.test("a worker for each core, and 16 at most", () => {
  assertEquals([1, 2, 16, 128].map((cores) => workerCount(undefined, cores)), [1, 2, 16, 16]);
  assertEquals(workerCount(3, 2), 3);
  for (const asked of [0, 1.5, 17, NaN]) {
    assertThrows(() => workerCount(asked, 2), TypeError, `Cannot search with ${asked} workers`);
  }
});
