import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { certifiedBound } from "../../../experiments/placement/certified_bound.ts";
import { placementProgram } from "../../../experiments/placement/placement_program.ts";
import { split } from "../../../kernels/base/random.ts";
import { placementBound } from "../../../sim/placement/bound.ts";
import { placeExperts } from "../../../sim/placement/place_experts.ts";
import { checkSlots, slotLoads } from "../../../sim/placement/slots.ts";

/** The least maximum of all placements, by trying them. */
function leastFullest(load_E: readonly number[], ranks: number): number {
  const room = new Array<number>(ranks).fill(load_E.length / ranks);
  const load_R = new Array<number>(ranks).fill(0);
  let least = Infinity;
  const place = (expert: number) => {
    if (expert === load_E.length) {
      least = Math.min(least, Math.max(...load_R));
      return;
    }
    for (let rank = 0; rank < ranks; rank++) {
      if (room[rank] === 0) continue;
      room[rank]--;
      load_R[rank] += load_E[expert];
      place(expert + 1);
      load_R[rank] -= load_E[expert];
      room[rank]++;
    }
  };
  place(0);
  return least;
}

const layers = fc.constantFrom([2, 3], [2, 4], [3, 2], [3, 3], [4, 2]).chain(([ranks, each]) =>
  fc.record({
    ranks: fc.constant(ranks),
    load_E: fc.array(fc.integer({ min: 0, max: 200 }), {
      minLength: ranks * each,
      maxLength: ranks * each,
    }),
  })
);

Deno.test("the certified best is that of trying all placements, and so is the bound", async () => {
  let searched = 0;
  await fc.assert(
    fc.asyncProperty(layers, async ({ load_E, ranks }) => {
      const { boundLoad, bestLoad, slots_RS, gapFraction, ending } = await certifiedBound(load_E, {
        ranks,
      });
      const least = leastFullest(load_E, ranks);
      assertEquals([boundLoad, bestLoad, gapFraction], [least, least, 0]);
      checkSlots(slots_RS, { experts: load_E.length, ranks, slots: load_E.length / ranks });
      assertEquals(Math.max(...slotLoads(load_E, slots_RS)), least);
      if (ending === "proven") searched++;
    }),
    { seed: 1, numRuns: 40 },
  );
  assert(searched >= 5, `${searched} were searched`);
});

Deno.test("the solver mends what exchanges cannot", async () => {
  const stream = split(5, "certificate");
  let mended = 0;
  for (let i = 0; i < 8; i++) {
    const load_E = Array.from({ length: 10 }, () => stream.int(100, 400));
    const swaps = Math.max(...slotLoads(load_E, placeExperts(load_E, { ranks: 2 })));
    const { bestLoad, boundLoad } = await certifiedBound(load_E, { ranks: 2 });
    assert(bestLoad <= swaps && boundLoad >= placementBound(load_E, 2) - 1e-9);
    if (bestLoad < swaps) mended++;
  }
  assert(mended > 0);
});

Deno.test("where time is up, the gap says what is open", async () => {
  const stream = split(7, "certificate");
  const load_E = Array.from({ length: 64 }, () => stream.uniform());
  const { boundLoad, bestLoad, gapFraction, ending } = await certifiedBound(load_E, {
    ...{ ranks: 8, seconds: 0.05 },
  });
  assertEquals(ending, "time limit");
  assert(boundLoad >= placementBound(load_E, 8) && boundLoad < bestLoad);
  assertAlmostEquals(gapFraction, 1 - boundLoad / bestLoad, 1e-12);
});

Deno.test("a bound that swaps meet needs no search, nor do loads of nothing", async () => {
  const met = await certifiedBound([4, 3, 2, 1], { ranks: 2 });
  assertEquals([met.ending, met.boundLoad, met.solverSeconds], ["bound met", 5, 0]);
  const none = await certifiedBound([0, 0, 0, 0], { ranks: 2 });
  assertEquals([none.ending, none.bestLoad, none.gapFraction], ["bound met", 0, 0]);
});

Deno.test("placements become solutions and back, ranks in the order of their heaviest experts", () => {
  const load_E = [1, 8, 2, 4];
  const program = placementProgram(load_E, { ranks: 2, least: 0, most: 15 });
  const values = program.valuesOf([[0, 2], [3, 1]]);
  assertEquals(program.slotsOf(values), [[1, 3], [2, 0]]);
  assertEquals(values.at(-1), 12);
  const { colUpper } = program.data;
  values.forEach((value, i) => assert(value <= Number(colUpper[i])));
});
