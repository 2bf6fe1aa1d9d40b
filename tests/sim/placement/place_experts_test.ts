import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { placementBound } from "../../../sim/placement/bound.ts";
import { keepsGroups, placeByNodes } from "../../../sim/placement/place_by_nodes.ts";
import {
  placeExperts,
  placementMethod,
  placementMethods,
} from "../../../sim/placement/place_experts.ts";
import { countReplicas, replicateExperts } from "../../../sim/placement/replicate_experts.ts";
import { checkSlots, slotLoads } from "../../../sim/placement/slots.ts";

const fullest = (load_E: readonly number[], slots: readonly number[][]) =>
  Math.max(...slotLoads(load_E, slots));

/** Loads of experts, and ranks that divide them. */
const layers = fc.record({
  ranks: fc.integer({ min: 1, max: 8 }),
  each: fc.integer({ min: 1, max: 6 }),
})
  .chain(({ ranks, each }) =>
    fc.record({
      ranks: fc.constant(ranks),
      each: fc.constant(each),
      load_E: fc.array(fc.integer({ min: 0, max: 1000 }), {
        minLength: ranks * each,
        maxLength: ranks * each,
      }),
    })
  );

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

Deno.test("every method gives each expert one slot, and every rank as many", () => {
  fc.assert(
    fc.property(layers, ({ load_E, ranks, each }) => {
      for (const method of ["contiguous", "random", "longest-first", "swaps"] as const) {
        const slots = placeExperts(load_E, { ranks, method });
        assertEquals(slots.map(({ length }) => length), Array(ranks).fill(each));
        assertEquals(slots.flat().sort((a, b) => a - b), load_E.map((_, expert) => expert));
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("swaps are never worse than what they begin with, nor better than the bound", () => {
  fc.assert(
    fc.property(layers, ({ load_E, ranks }) => {
      const of = (method: "longest-first" | "swaps") =>
        fullest(load_E, placeExperts(load_E, { ranks, method }));
      assert(of("swaps") <= of("longest-first"));
      assert(of("swaps") >= placementBound(load_E, ranks) - 1e-9);
    }),
    { seed: 2, numRuns: 500 },
  );
});

Deno.test("swaps are never worse than contiguous blocks", () => {
  fc.assert(
    fc.property(layers, ({ load_E, ranks }) => {
      const of = (method: "contiguous" | "swaps") =>
        fullest(load_E, placeExperts(load_E, { ranks, method }));
      assert(of("swaps") <= of("contiguous"));
    }),
    { seed: 3, numRuns: 2000 },
  );
});

Deno.test("after swaps no exchange of two experts lowers the fullest rank", () => {
  fc.assert(
    fc.property(layers, ({ load_E, ranks }) => {
      const slots = placeExperts(load_E, { ranks });
      const load_R = slotLoads(load_E, slots);
      const from = load_R.indexOf(Math.max(...load_R));
      slots.forEach((own, to) => {
        if (to === from) return;
        for (const out of slots[from]) {
          for (const into of own) {
            const moved = load_E[out] - load_E[into];
            const after = Math.max(load_R[from] - moved, load_R[to] + moved);
            assert(after >= load_R[from] - 1e-6);
          }
        }
      });
    }),
    { seed: 4, numRuns: 200 },
  );
});

Deno.test("the bound is never above the best of all placements, and swaps are near it", () => {
  const small = layers.filter(({ load_E }) => load_E.length <= 8);
  let best = 0;
  let found = 0;
  fc.assert(
    fc.property(small, ({ load_E, ranks }) => {
      const least = leastFullest(load_E, ranks);
      assert(placementBound(load_E, ranks) <= least + 1e-9);
      best += least;
      found += fullest(load_E, placeExperts(load_E, { ranks }));
    }),
    { seed: 5, numRuns: 100 },
  );
  assert(found >= best && found < 1.02 * best, `${found} of ${best}`);
});

Deno.test("loads counted by hand: blocks, longest first, swaps", () => {
  const load_E = [8, 7, 6, 5, 4, 0];
  const of = (method: "contiguous" | "longest-first" | "swaps") =>
    slotLoads(load_E, placeExperts(load_E, { ranks: 2, method }));
  assertEquals(of("contiguous"), [21, 9]);
  // 8 | 7, then 6 and 5 to the lighter rank, 4 to the first of equals, and 0 where there is room.
  assertEquals(of("longest-first"), [17, 13]);
  // 8 for 6.
  assertEquals(of("swaps"), [15, 15]);
  // Some rank has two of the three heaviest, and something beside them.
  assertEquals(placementBound([10, 9, 8, 4, 2, 1], 2), 18);
  assertEquals(placementBound(load_E, 2), 15);
});

Deno.test("replicas go to whoever has most a replica, and to no rank twice", () => {
  assertEquals(countReplicas([9, 5, 1], { redundant: 3, most: 3 }), [3, 2, 1]);
  assertEquals(countReplicas([100, 1, 1], { redundant: 3, most: 3 }), [3, 2, 1]);
  const load_E = [6, 4, 1, 1];
  const slots = replicateExperts(load_E, { ranks: 2, redundant: 2 });
  checkSlots(slots, { experts: 4, ranks: 2, slots: 3 });
  assertEquals(slotLoads(load_E, slots), [6, 6]);
});

Deno.test("replication never raises the maximum, whatever is free", () => {
  fc.assert(
    fc.property(layers, fc.integer({ min: 1, max: 3 }), ({ load_E, ranks, each }, more) => {
      if (each + more > load_E.length) return;
      const slots = replicateExperts(load_E, { ranks, redundant: ranks * more });
      checkSlots(slots, { experts: load_E.length, ranks, slots: each + more });
      const total = load_E.reduce((sum, load) => sum + load, 0);
      assertAlmostEquals(slotLoads(load_E, slots).reduce((sum, x) => sum + x, 0), total, 1e-6);
      const without = fullest(load_E, placeExperts(load_E, { ranks }));
      assert(fullest(load_E, slots) <= without + 1e-9 * total);
      assert(fullest(load_E, slots) >= total / ranks - 1e-9 * total);
    }),
    { seed: 6, numRuns: 500 },
  );
});

Deno.test("groups stay on their nodes, replicas too", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 32, maxLength: 32 }),
      fc.constantFrom(0, 8, 16),
      (load_E, redundant) => {
        const options = { ranks: 8, perNode: 2, groups: 8, redundant };
        const slots = placeByNodes(load_E, options);
        checkSlots(slots, { experts: 32, ranks: 8, slots: 4 + redundant / 8 });
        assert(keepsGroups(slots, { experts: 32, groups: 8, perNode: 2 }));
        const base = placeByNodes(load_E, { ...options, redundant: 0 });
        assert(fullest(load_E, slots) <= fullest(load_E, base) + 1e-9);
      },
    ),
    { seed: 7, numRuns: 100 },
  );
  const scattered = placeExperts(Array.from({ length: 32 }, (_, e) => 32 - e), { ranks: 8 });
  assertEquals(keepsGroups(scattered, { experts: 32, groups: 8, perNode: 2 }), false);
});

Deno.test("what cannot be placed is refused in a line", () => {
  const refused = (run: () => unknown, message: string) => assertThrows(run, TypeError, message);
  refused(() => placeExperts([1, 2, 3], { ranks: 2 }), "Cannot place 3 experts on 2 ranks");
  refused(() => replicateExperts([1, 2, 3, 4], { ranks: 2, redundant: 3 }), "a multiple of 2");
  refused(() => replicateExperts([1, 2], { ranks: 2, redundant: 4 }), "at most as many slots");
  refused(() => placeByNodes([1, 2, 3, 4], { ranks: 4, perNode: 3 }), "wanted whole nodes");
  refused(() => placementMethod("swap"), 'did you mean "swaps"');
  assertEquals(placementMethods.map(placementMethod), [...placementMethods]);
  const check = (slots: number[][]) => () => checkSlots(slots, { experts: 4, ranks: 2, slots: 2 });
  refused(check([[0, 1, 2, 3]]), "found slots of 1 ranks, wanted 2");
  refused(check([[0, 4], [2, 3]]), "found expert 4 on rank 0, wanted 0 to 3");
  refused(check([[0, 0], [2, 3]]), "found an expert twice on rank 0");
  refused(check([[0, 1], [2]]), "found no slot of expert 3");
  refused(check([[0, 1, 2], [3]]), "found 3 slots on rank 0, wanted at most 2");
});
