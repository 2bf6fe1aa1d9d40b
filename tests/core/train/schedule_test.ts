/** Learning rates: the warm-up's line, the cosine's ends and middle, what does not fit. */
import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { rateAt } from "../../../core/train/schedule.ts";

Deno.test("a warm-up rises in equal steps, and the cosine ends at the floor", () => {
  const schedule = { peak: 0.8, warmup: 4, floor: 0.25 };
  const rates = Array.from({ length: 13 }, (_, step) => rateAt(schedule, { step, steps: 13 }));
  assertEquals(rates.slice(0, 4), [0.2, 0.4, 0.6000000000000001, 0.8]);
  assertAlmostEquals(rates[4], 0.8);
  assertAlmostEquals(rates[8], 0.5, 1e-12);
  assertAlmostEquals(rates[6], 0.2 + 0.6 * (1 + Math.SQRT1_2) / 2, 1e-12);
  assertAlmostEquals(rates[12], 0.2, 1e-12);
});

Deno.test("a constant rate stays, and one step has the peak", () => {
  const schedule = { peak: 3, warmup: 1, shape: "constant" } as const;
  assertEquals([0, 1, 99].map((step) => rateAt(schedule, { step, steps: 100 })), [3, 3, 3]);
  assertEquals(rateAt({ peak: 3 }, { step: 0, steps: 1 }), 3);
});

Deno.test("rates are above 0, at most the peak, and fall after the warm-up", () => {
  fc.assert(
    fc.property(fc.nat(20), fc.integer({ min: 1, max: 40 }), (warmup, rest) => {
      const steps = warmup + rest;
      const rates = Array.from(
        { length: steps },
        (_, step) => rateAt({ peak: 1, warmup }, { step, steps }),
      );
      for (const [i, rate] of rates.entries()) {
        assertLess(0, rate);
        assertLess(rate, 1 + 1e-12);
        if (i > warmup) assertLess(rate, rates[i - 1]);
      }
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("a schedule that does not fit is refused", () => {
  const refused = (schedule: Parameters<typeof rateAt>[0]) =>
    assertThrows(() => rateAt(schedule, { step: 0, steps: 10 }), TypeError).message;
  assertEquals(
    refused({ peak: 1, warmup: 10 }),
    "Cannot schedule learning rates: found a warm-up of 10 in 10 steps, wanted 0 to 9",
  );
  assertEquals(
    refused({ peak: -1 }),
    "Cannot schedule learning rates: found a peak of -1 and a floor of 0.1, wanted a peak above 0 " +
      "and a floor from 0 to 1",
  );
});
