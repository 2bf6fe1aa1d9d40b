/** Intervals against Student's table, how often they hold, and ranks. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { meanOverSeeds, sharedRanks, studentT } from "../../../core/train/statistics.ts";
import { split } from "../../../kernels/base/random.ts";

Deno.test("quantiles are those of the table", () => {
  const table: [confidence: number, freedom: number, t: number][] = [
    ...[[0.95, 1, 12.7062], [0.95, 2, 4.30265], [0.95, 3, 3.18245], [0.95, 4, 2.77645]],
    ...[[0.95, 9, 2.26216], [0.95, 30, 2.04227], [0.99, 5, 4.03214], [0.5, 7, 0.711142]],
    ...[[0.9, 1, 6.31375], [0.95, 1000, 1.96234]],
  ] as [number, number, number][];
  for (const [confidence, freedom, t] of table) {
    assertAlmostEquals(studentT(confidence, { freedom }) / t, 1, 1e-5);
  }
});

Deno.test("an interval of 95 % holds the mean 95 times in a hundred", () => {
  const stream = split(1, "samples");
  let held = 0;
  for (let i = 0; i < 2000; i++) {
    const { lo, hi } = meanOverSeeds(Array.from({ length: 5 }, () => 7 + 2 * stream.normal()));
    if (lo <= 7 && 7 <= hi) held++;
  }
  // Four deviations of the binomial.
  assertAlmostEquals(held / 2000, 0.95, 4 * Math.sqrt(0.95 * 0.05 / 2000));
});

Deno.test("equal samples have an interval of no width, one sample has none at all", () => {
  assertEquals(meanOverSeeds([3, 3, 3]), {
    ...{ value: 3, lo: 3, hi: 3, n: 3, method: "mean, 95 % Student's t" },
  });
  const refused = assertThrows(() => meanOverSeeds([3]), RangeError);
  assertEquals(refused.message, "Cannot give an interval: found 1 samples, wanted 2 or more");
  assertThrows(() => studentT(1, { freedom: 3 }), RangeError);
});

Deno.test("ranks are shared by what overlaps, whichever side is better", () => {
  const intervals = [[0, 1], [0.5, 2], [1.5, 3], [4, 5]].map(([lo, hi]) => ({ lo, hi }));
  assertEquals(sharedRanks(intervals, { better: "lower" }), [1, 1, 2, 4]);
  assertEquals(sharedRanks(intervals, { better: "higher" }), [3, 2, 2, 1]);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(50), fc.nat(20)), { minLength: 1, maxLength: 8 }),
      (pairs) => {
        const all = pairs.map(([lo, width]) => ({ lo, hi: lo + width }));
        const ranks = sharedRanks(all, { better: "lower" });
        assert(ranks.includes(1));
        all.forEach((a, i) =>
          all.forEach((b, j) => {
            if (a.hi < b.lo) assert(ranks[i] < ranks[j]);
          })
        );
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});
