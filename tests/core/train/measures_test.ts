/** Measures of experts' use by hand, and what they cannot leave. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  entropyBits,
  loadSpread,
  perplexity,
  specialisationOf,
} from "../../../core/train/measures.ts";

Deno.test("entropy, perplexity and load by hand", () => {
  assertEquals([entropyBits([1, 1, 1, 1]), entropyBits([0, 3]), entropyBits([])], [2, 0, 0]);
  assertAlmostEquals(entropyBits([1, 3]), 0.8112781244591328, 1e-12);
  assertAlmostEquals(perplexity(Math.log(20)), 20, 1e-12);
  assertEquals(loadSpread([2, 2, 2]), { maxOverMean: 1, variation: 0 });
  assertEquals(loadSpread([1, 3]), { maxOverMean: 1.5, variation: 0.5 });
  assertEquals(loadSpread([0, 0]), { maxOverMean: 1, variation: 0 });
});

Deno.test("specialisation by hand: two domains, three experts", () => {
  // P(domain) = 1/2 each; P(expert) = 3/8, 3/8, 1/4; H = 1 + 1.5613 - 2.25 bits.
  const { bits, share } = specialisationOf([2, 1, 1, 1, 2, 1], { domains: 2 });
  const joint = entropyBits([2, 1, 1, 1, 2, 1]);
  assertAlmostEquals(bits, 1 + entropyBits([3, 3, 2]) - joint, 1e-12);
  assertAlmostEquals(bits, 0.0612781244591328, 1e-12);
  assertAlmostEquals(share, bits, 1e-12);
  // Four domains on two experts: at most one bit can be told.
  const halves = specialisationOf([9, 0, 9, 0, 0, 9, 0, 9], { domains: 4 });
  assertEquals(halves, { bits: 1, share: 1 });
  // Six experts that two domains share out: the domain's own bit.
  assertAlmostEquals(
    specialisationOf([3, 3, 3, 0, 0, 0, 0, 0, 0, 3, 3, 3], { domains: 2 }).share,
    1,
  );
  assertEquals(specialisationOf([4, 0, 4, 0], { domains: 2 }), { bits: 0, share: 0 });
  assertThrows(() => specialisationOf([1, 2, 3], { domains: 2 }), RangeError);
});

Deno.test("specialisation is a share, and no order of domains or experts changes it", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { minLength: 12, maxLength: 12 }), (counts) => {
      const one = specialisationOf(counts, { domains: 3 });
      assert(one.bits >= 0 && one.share >= 0 && one.share <= 1 + 1e-9);
      assertAlmostEquals(
        specialisationOf(counts.toReversed(), { domains: 3 }).bits,
        one.bits,
        1e-9,
      );
      const transposed = counts.map((_, i) => counts[(i % 3) * 4 + Math.floor(i / 3)]);
      assertAlmostEquals(specialisationOf(transposed, { domains: 4 }).bits, one.bits, 1e-9);
    }),
    { seed: 1, numRuns: 200 },
  );
});
