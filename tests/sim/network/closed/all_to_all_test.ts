import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  allToAllSeconds,
  directAllToAllSeconds,
  pairwiseAllToAllSeconds,
  twoLevelAllToAllSeconds,
} from "../../../../sim/network/closed/all_to_all.ts";
import {
  dispatchSeconds,
  distinctDomains,
  distinctRanks,
} from "../../../../sim/network/closed/dispatch.ts";
import { split } from "../../../../kernels/base/random.ts";
import { expectedDistinct } from "../../../../sim/network/closed/distinct.ts";
import { fabric, nodes, tier } from "./fabrics.ts";

const wide = { ranks: 64, perDomain: 8 };
const far = { ranks: 16, perDomain: 8 };

Deno.test("a direct exchange takes as long as its busiest port", () => {
  // Half of 1600 bytes leave by a card of 10 bytes a second; 700 stay in the domain.
  assertEquals(directAllToAllSeconds(1600, far, nodes), 5 + 800 / 10);
  assertEquals(directAllToAllSeconds(800, { ranks: 8, perDomain: 8 }, nodes), 1 + 700 / 100);
});

Deno.test("pairs take turns, and two levels send everything twice", () => {
  assertAlmostEquals(
    pairwiseAllToAllSeconds(1600, far, nodes),
    7 * (1 + 100 / 100) + 8 * (5 + 100 / 10),
  );
  assertAlmostEquals(
    twoLevelAllToAllSeconds(1600, far, nodes),
    1 + 1400 / 100 + 5 + 800 / 10,
  );
});

Deno.test("an oversubscribed spine slows what leaves the leaf", () => {
  const leaf = { ...tier(8, 10, 0), network: true };
  const spine = { ...tier(16, 10, 0), network: true };
  const leaves = fabric(tier(4, 100, 0), leaf, { ...spine, oversubscription: 4 });
  // A card sends 1200 of 1600 bytes, 800 of them over the spine at a quarter of its rate.
  assertEquals(directAllToAllSeconds(1600, { ranks: 16, perDomain: 4 }, leaves), 800 / 2.5);
  const equal = fabric(tier(4, 100, 0), leaf, spine);
  assertEquals(directAllToAllSeconds(1600, { ranks: 16, perDomain: 4 }, equal), 1200 / 10);
  // Ports of their own: 400 bytes go no further than the leaf.
  const own = fabric(tier(4, 100, 0), tier(8, 10, 0), tier(16, 10, 0));
  assertEquals(directAllToAllSeconds(1600, { ranks: 16, perDomain: 4 }, own), 800 / 10);
});

Deno.test("expected distinct places agree with draws", () => {
  const { int } = split(1, "distinct");
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 8 }),
      (choices, places, each) => {
        const experts = places * each;
        if (choices > experts) return;
        let found = 0;
        const draws = 2000;
        for (let i = 0; i < draws; i++) {
          const left = Array.from({ length: experts }, (_, e) => e);
          const seen = new Set<number>();
          for (let k = 0; k < choices; k++) {
            const [expert] = left.splice(int(0, left.length - 1), 1);
            seen.add(expert % places);
          }
          found += seen.size;
        }
        assertAlmostEquals(expectedDistinct(choices, places, experts), found / draws, 0.12);
      },
    ),
    { seed: 1, numRuns: 40 },
  );
  assertAlmostEquals(expectedDistinct(8, 8), 8 * (1 - (7 / 8) ** 8));
  assertAlmostEquals(expectedDistinct(8, 8, 1e9), expectedDistinct(8, 8), 1e-6);
});

Deno.test("a limit on domains confines tokens to them", () => {
  const goals = { copies: 8, experts: 256 };
  assertAlmostEquals(distinctDomains(wide, nodes, goals), expectedDistinct(8, 8, 256));
  const confined = { ...goals, domainLimit: 4 };
  assertAlmostEquals(distinctDomains(wide, nodes, confined), expectedDistinct(8, 4, 128));
  assertAlmostEquals(distinctRanks(wide, nodes, confined), expectedDistinct(8, 32, 128));
});

Deno.test("a dispatch takes the slower of network, domain and copies", () => {
  const goals = { copies: 8, experts: 256 };
  const own = 1000;
  const leaving = own * expectedDistinct(8, 8, 256) * 7 / 8;
  assertAlmostEquals(dispatchSeconds(8 * own, wide, nodes, goals), 5 + leaving / 10);
  const fast = fabric(tier(8, 100, 1), tier(64, 1e9, 5));
  const inside = own * expectedDistinct(8, 64, 256) * 7 / 8;
  assertAlmostEquals(dispatchSeconds(8 * own, wide, fast, goals), 5 + inside / 100);
  const kernel = {
    fixedSeconds: 2,
    dispatchRowSeconds: 3,
    combineRowSeconds: 4,
    copyBytesPerSecond: 5,
    multiprocessors: 2,
    portShare: 1,
  };
  const busy = { ...fast, dispatch: { deepep: kernel, hybridep: kernel } };
  const rows = own / 10 * expectedDistinct(8, 64, 256);
  assertAlmostEquals(
    dispatchSeconds(8 * own, wide, busy, { ...goals, rowBytes: 10 }) / (2 + 5 + rows * (3 + 2) / 2),
    1,
    1e-12,
  );
  assertAlmostEquals(
    dispatchSeconds(8 * own, wide, busy, {
      ...goals,
      rowBytes: 10,
      combine: true,
      multiprocessors: 4,
    }) / (2 + 5 + rows * (4 + 2) / 4),
    1,
    1e-12,
  );
});

Deno.test("without duplicates never sends more than with them", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 3 }),
      (copies, log2Ranks, log2PerDomain) => {
        const ranks = 2 ** log2Ranks;
        const group = { ranks, perDomain: Math.min(ranks, 2 ** log2PerDomain) };
        const once = allToAllSeconds(1e6, group, nodes, { algorithm: "dedup", copies });
        // Inside a domain, what comes for others is handed on: a second passage there.
        const direct = allToAllSeconds(1e6, group, nodes) + 1e6 / 100;
        assert(once <= direct * (1 + 1e-12), `${once} ${direct}`);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("an exchange without duplicates has to know the copies", () => {
  assertThrows(
    () => allToAllSeconds(1, far, nodes, { algorithm: "dedup" }),
    RangeError,
    "undefined copies",
  );
  assertEquals(allToAllSeconds(0, far, nodes, { algorithm: "dedup" }), 0);
});
