import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { chunksKnown, dealChunks } from "../../../../experiments/planner/search/chunks.ts";

Deno.test("chunks are all units, each once and in their order", () => {
  assertEquals(dealChunks(0), []);
  fc.assert(
    fc.property(fc.nat(20_000), (units) => {
      let next = 0;
      for (const chunk of dealChunks(units)) {
        assertEquals(chunk.from, next);
        assert(chunk.units >= 1 && chunk.units <= 16);
        next += chunk.units;
      }
      assertEquals(next, units);
    }),
    { seed: 1, numRuns: 40 },
  );
  const sizes = dealChunks(5000).map(({ units }) => units);
  assertEquals([sizes[0], sizes[63], sizes[64], sizes.at(-2)], [1, 1, 2, 16]);
});

Deno.test("a chunk knows the first one, later ones know no less, and many can be searched at once", () => {
  assertEquals([0, 1, 7, 8, 9].map(chunksKnown), [0, 1, 7, 7, 8]);
  for (let index = 1; index < 4000; index++) {
    const known = chunksKnown(index);
    assert(known >= 1 && known <= index && known >= chunksKnown(index - 1));
    assert(index - known < 32);
  }
  assertEquals([500, 3000].map(chunksKnown), [494, 2969]);
});
