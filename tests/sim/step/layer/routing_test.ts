import { assert, assertEquals, assertGreater, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UserError } from "../../../../kernels/base/errors.ts";
import {
  balancedCounts,
  countsFromChoices,
  imbalance,
  splitCounts,
  sumOverRanks,
} from "../../../../sim/step/layer/routing.ts";
import { skewedCounts } from "../../../../sim/step/layer/skew.ts";

const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
const spread = (list: readonly number[]) => Math.max(...list) - Math.min(...list);

const shapes = fc.record({
  ranks: fc.integer({ min: 1, max: 5 }),
  tokensPerRank: fc.integer({ min: 0, max: 40 }),
  experts: fc.integer({ min: 1, max: 12 }),
  topK: fc.integer({ min: 1, max: 12 }),
}).filter((shape) => shape.topK <= shape.experts);

Deno.test("balanced routing conserves choices and spreads them to within one", () => {
  fc.assert(fc.property(shapes, (shape) => {
    const counts_RE = balancedCounts(shape);
    assertEquals(counts_RE.length, shape.ranks);
    for (const counts_E of counts_RE) {
      assertEquals(sum(counts_E), shape.tokensPerRank * shape.topK);
      assert(spread(counts_E) <= 1 && Math.max(...counts_E) <= shape.tokensPerRank);
    }
    assert(spread(sumOverRanks(counts_RE)) <= 1);
  }));
});

Deno.test("skewed routing conserves choices and never repeats an expert for a token", () => {
  const laws = fc.record({ exponent: fc.double({ min: 0, max: 6, noNaN: true }), seed: fc.nat() });
  fc.assert(
    fc.property(shapes, laws, (shape, law) => {
      const counts_RE = skewedCounts(shape, law);
      for (const counts_E of counts_RE) {
        assertEquals(sum(counts_E), shape.tokensPerRank * shape.topK);
        assert(Math.max(...counts_E) <= shape.tokensPerRank);
      }
      assertEquals(skewedCounts(shape, law), counts_RE);
    }),
    { numRuns: 40 },
  );
});

Deno.test("one expert a token follows the law of Zipf", () => {
  const shape = { ranks: 1, tokensPerRank: 20_000, experts: 4, topK: 1 };
  const [counts_E] = skewedCounts(shape, { exponent: 1, seed: 3, shuffled: false });
  const whole = 1 + 1 / 2 + 1 / 3 + 1 / 4;
  counts_E.forEach((count, e) => {
    const p = 1 / (e + 1) / whole;
    const deviation = Math.sqrt(20_000 * p * (1 - p));
    assert(Math.abs(count - 20_000 * p) < 4 * deviation, `expert ${e}: ${count}`);
  });
});

Deno.test("two experts a token are drawn one after the other without repeating", () => {
  // Weights 1, 1/2, 1/3: P(an expert is left out) = P(it is third), over the orders of the draw.
  const w = [1, 1 / 2, 1 / 3];
  const all = sum(w);
  const n = 20_000;
  const [counts_E] = skewedCounts(
    { ranks: 1, tokensPerRank: n, experts: 3, topK: 2 },
    { exponent: 1, seed: 5, shuffled: false },
  );
  w.forEach((_, e) => {
    const [a, b] = [0, 1, 2].filter((other) => other !== e);
    const left = w[a] / all * w[b] / (all - w[a]) + w[b] / all * w[a] / (all - w[b]);
    const deviation = Math.sqrt(n * left * (1 - left));
    assert(Math.abs(counts_E[e] - n * (1 - left)) < 4 * deviation, `expert ${e}: ${counts_E[e]}`);
  });
});

Deno.test("seed and shuffle decide which experts are hot, the exponent how hot", () => {
  const shape = { ranks: 2, tokensPerRank: 500, experts: 16, topK: 2 };
  const loads = (seed: number, exponent = 1, shuffled = true) =>
    sumOverRanks(skewedCounts(shape, { exponent, seed, shuffled }));
  assertNotEquals(loads(1), loads(2));
  const sorted = loads(1, 1, false);
  assertEquals(sorted.indexOf(Math.max(...sorted)), 0);
  assertGreater(imbalance(loads(1, 1.5)), imbalance(loads(1, 0.7)));
  assertGreater(imbalance(loads(1, 0.7)), imbalance(loads(1, 0)));
});

Deno.test("measured choices are split over ranks by token", () => {
  const ids_TK = Uint32Array.of(0, 1, 1, 2, 0, 2);
  assertEquals(countsFromChoices(ids_TK, { ranks: 2, experts: 3, topK: 2 }), [[1, 2, 1], [
    1,
    0,
    1,
  ]]);
  const read = (ids: number[]) => countsFromChoices(ids, { ranks: 1, experts: 3, topK: 2 });
  assertThrows(() => read([0, 3]), UserError, "choice 1: found expert 3, wanted 0 to 2");
  assertThrows(() => read([0, 1, 2]), UserError, "3 choices as tokens of 2");
});

Deno.test("counts by expert are dealt evenly and completely", () => {
  fc.assert(fc.property(
    fc.array(fc.nat(50), { minLength: 1, maxLength: 10 }),
    fc.integer({ min: 1, max: 6 }),
    (counts_E, ranks) => {
      const counts_RE = splitCounts(counts_E, { ranks });
      assertEquals(sumOverRanks(counts_RE), counts_E);
      assert(spread(counts_RE.map(sum)) <= 1);
      counts_E.forEach((_, e) => assert(spread(counts_RE.map((row) => row[e])) <= 1));
    },
  ));
});

Deno.test("imbalance is the hottest over the mean", () => {
  assertEquals([imbalance([2, 2]), imbalance([3, 1]), imbalance([4, 0])], [1, 1.5, 2]);
  assertEquals(imbalance([0, 0]), 1);
});

Deno.test("shapes that no routing has are refused", () => {
  const shape = { ranks: 1, tokensPerRank: 4, experts: 2, topK: 1 };
  assertThrows(() => balancedCounts({ ...shape, topK: 3 }), UserError, "to 3 experts of 2");
  assertThrows(() => balancedCounts({ ...shape, ranks: 0 }), UserError, "ranks is 0");
  assertThrows(() => balancedCounts({ ...shape, tokensPerRank: 1.5 }), UserError, "is 1.5");
  assertThrows(
    () => skewedCounts(shape, { exponent: -1, seed: 0 }),
    UserError,
    "by exponent -1: wanted 0 or more",
  );
});
