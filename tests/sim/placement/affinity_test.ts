import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { placeByAffinity } from "../../../sim/placement/place_by_affinity.ts";
import { placeExperts } from "../../../sim/placement/place_experts.ts";
import { checkSlots, slotLoads } from "../../../sim/placement/slots.ts";
import { countCrossings, countTransitions } from "../../../sim/placement/transitions.ts";

Deno.test("pairs of choices are counted from each layer to the next", () => {
  // Two tokens of two experts each, in three layers.
  const ids_LN = [[0, 1, 2, 0], [1, 2, 1, 0], [0, 2, 0, 1]];
  assertEquals(countTransitions(ids_LN, { experts: 3, topK: 2 }), [
    [[1, 2, 1], [0, 1, 1], [1, 1, 0]],
    [[1, 1, 0], [2, 1, 1], [1, 0, 1]],
  ]);
  const wrong = (ids: number[][], message: string) =>
    assertThrows(() => countTransitions(ids, { experts: 3, topK: 2 }), TypeError, message);
  wrong([[0, 1], [0, 3]], "found expert 3 in layer 1, wanted 0 to 2");
  wrong([[0, 1], [0]], "found 1 choices in layer 1, wanted 2");
});

Deno.test("crossings counted by hand: a hop within a node, two between nodes", () => {
  const pairs_LEE = [[[4, 3, 2, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 10, 0]]];
  const slots_LRS = [[[0], [1], [2], [3]], [[0], [1], [2], [3]]];
  const { withinNodeFraction, betweenNodesFraction, hops } = countCrossings(pairs_LEE, {
    ...{ slots_LRS, perNode: 2 },
  });
  // Of 20 pairs, 3 and 10 stay within a node, 2 and 1 leave it.
  assertEquals([withinNodeFraction, betweenNodesFraction], [13 / 20, 3 / 20]);
  assertAlmostEquals(hops, 19 / 20, 1e-12);
  const none = countCrossings([[[0]]], { slots_LRS: [[[0]], [[0]]], perNode: 1 });
  assertEquals(none, { withinNodeFraction: 0, betweenNodesFraction: 0, hops: 0 });
});

const pairsOf = (experts: number) =>
  fc.array(fc.integer({ min: 0, max: 50 }), {
    minLength: experts * experts,
    maxLength: experts * experts,
  }).map((flat) =>
    Array.from({ length: experts }, (_, e) => flat.slice(e * experts, (e + 1) * experts))
  );

const loadsFrom = (pairs_LEE: number[][][]) => [
  ...pairs_LEE.map((pairs_EE) => pairs_EE.map((pairs_E) => pairs_E.reduce((a, b) => a + b, 0))),
  pairs_LEE.at(-1)![0].map((_, f) => pairs_LEE.at(-1)!.reduce((sum, row) => sum + row[f], 0)),
];

Deno.test("every layer is placed, within its limit, and no exchange saves hops that loads allow", () => {
  fc.assert(
    fc.property(fc.array(pairsOf(8), { minLength: 1, maxLength: 3 }), (pairs_LEE) => {
      const load_LE = loadsFrom(pairs_LEE);
      const options = { ranks: 4, perNode: 2, slack: 1.2 };
      const slots_LRS = placeByAffinity(pairs_LEE, { ...options, load_LE });
      assertEquals(slots_LRS.length, pairs_LEE.length + 1);
      slots_LRS.forEach((slots_RS, layer) => {
        checkSlots(slots_RS, { experts: 8, ranks: 4, slots: 2 });
        const fullest = (slots: number[][]) => Math.max(...slotLoads(load_LE[layer], slots));
        const byLoad = fullest(placeExperts(load_LE[layer], { ranks: 4 }));
        assert(fullest(slots_RS) <= 1.2 * byLoad + 1e-9);
      });
      const free = placeByAffinity(pairs_LEE, { ...options, load_LE, slack: Infinity });
      const hops = (slots: number[][][]) =>
        countCrossings(pairs_LEE, { slots_LRS: slots, perNode: 2 }).hops;
      const before = hops(free);
      const layer = free.length - 1;
      for (const [a, b] of [[0, 1], [0, 2], [1, 3], [2, 3]]) {
        for (const i of [0, 1]) {
          for (const j of [0, 1]) {
            const swapped = free.map((slots_RS) => slots_RS.map((own) => own.slice()));
            const { [layer]: of } = swapped;
            [of[a][i], of[b][j]] = [of[b][j], of[a][i]];
            assert(hops(swapped) >= before - 1e-9);
          }
        }
      }
    }),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("a chain that experts follow costs no hop, whatever their numbers", () => {
  const next_E = [5, 2, 7, 0, 1, 6, 3, 4];
  const pairs_EE = next_E.map((next) => Array.from({ length: 8 }, (_, f) => f === next ? 10 : 0));
  const pairs_LEE = [pairs_EE, pairs_EE, pairs_EE];
  const slots_LRS = placeByAffinity(pairs_LEE, { ranks: 4, perNode: 2 });
  assertEquals(countCrossings(pairs_LEE, { slots_LRS, perNode: 2 }).hops, 0);
  const blocks = Array.from({ length: 4 }, () => [[0, 1], [2, 3], [4, 5], [6, 7]]);
  assert(countCrossings(pairs_LEE, { slots_LRS: blocks, perNode: 2 }).hops > 0.5);
});

Deno.test("pairs and loads of other shapes are refused", () => {
  const wrong = (pairs: number[][][], load_LE?: number[][]) =>
    assertThrows(
      () => placeByAffinity(pairs, { ranks: 1, load_LE }),
      TypeError,
      "wanted pairs of the same experts",
    );
  wrong([[[1, 1]]]);
  wrong([[[1]]], [[1]]);
  wrong([]);
});
