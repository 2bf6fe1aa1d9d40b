import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  allReduceSeconds,
  ringAllReduceSeconds,
  switchAllReduceSeconds,
  treeAllReduceSeconds,
  twoLevelAllReduceSeconds,
} from "../../../../sim/network/closed/all_reduce.ts";
import { allGatherSeconds } from "../../../../sim/network/closed/gather.ts";
import { groupAt } from "../../../../sim/network/closed/group.ts";
import { fabric, nodes, tier } from "./fabrics.ts";

const domain = { ranks: 8, perDomain: 8 };

Deno.test("a ring all-reduce is a reduce-scatter and an all-gather", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 3 }),
      (bytes, log2Ranks, log2Stride) => {
        const group = groupAt(nodes, { ranks: 2 ** log2Ranks, stride: 2 ** log2Stride });
        assertAlmostEquals(
          ringAllReduceSeconds(bytes, group, nodes) / allGatherSeconds(bytes, group, nodes),
          2,
          1e-9,
        );
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("a tree takes few steps and twice the bytes", () => {
  // In a domain: log2 8 steps up and as many down.
  assertEquals(treeAllReduceSeconds(100, domain, nodes), 2 * (3 * 1 + 1));
  // Over two domains of eight: a chain of seven steps inside, one step across, 80 bytes a second.
  assertEquals(treeAllReduceSeconds(800, { ranks: 16, perDomain: 8 }, nodes), 2 * (7 + 5 + 10));
  const far = { ranks: 64, perDomain: 8 };
  assert(treeAllReduceSeconds(1, far, nodes) < ringAllReduceSeconds(1, far, nodes));
  assert(treeAllReduceSeconds(1e6, far, nodes) > ringAllReduceSeconds(1e6, far, nodes));
});

Deno.test("two levels move an L-th of the bytes between domains", () => {
  // Inside 7 + 7 steps of 100 bytes; across a ring of two with an eighth: 2 steps of 50.
  assertAlmostEquals(
    twoLevelAllReduceSeconds(800, { ranks: 16, perDomain: 8 }, nodes),
    14 * (1 + 1) + 2 * (5 + 5),
  );
  assertEquals(
    twoLevelAllReduceSeconds(800, domain, nodes),
    ringAllReduceSeconds(800, domain, nodes),
  );
});

Deno.test("switches that reduce take in all bytes once and give out an n-th more", () => {
  const nvls = fabric({ ...tier(8, 100, 1), reductionShare: 0.5 }, tier(64, 10, 5));
  assertEquals(switchAllReduceSeconds(800, domain, nodes), Infinity);
  assertEquals(switchAllReduceSeconds(800, domain, nvls), 2 + 900 / 50);
  assertEquals(switchAllReduceSeconds(800, { ranks: 2, perDomain: 2 }, nvls), Infinity);
  // Over two domains each card carries 2 (2 - 1)/2 of an eighth: 100 bytes, hidden behind the inside.
  assertEquals(
    switchAllReduceSeconds(800, { ranks: 16, perDomain: 8 }, nvls),
    2 * (1 + 5) + Math.max(900 / 50, 100 / 10),
  );
});

Deno.test("the best of ring, tree and switch is taken, after the launch", () => {
  const slow = { ...nodes, launchSeconds: 1000 };
  for (const bytes of [1, 1e3, 1e6]) {
    const best = Math.min(
      ringAllReduceSeconds(bytes, domain, nodes),
      treeAllReduceSeconds(bytes, domain, nodes),
    );
    assertEquals(allReduceSeconds(bytes, domain, nodes), best);
    assertEquals(allReduceSeconds(bytes, domain, slow), 1000 + best);
  }
  assertEquals(allReduceSeconds(0, domain, slow), 0);
  assertEquals(allReduceSeconds(5, { ranks: 1, perDomain: 1 }, slow), 0);
});
