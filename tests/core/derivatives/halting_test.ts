/** Halting by breaking a stick, beside the same written out for one token. */
import fc from "fast-check";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import {
  brokenOff,
  haltedStream,
  type Halting,
  running,
  wholeSticks,
} from "../../../core/derivatives/halting.ts";
import type { HostMatrix } from "../../../core/arrays/host_matrix.ts";

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));

/** Sticks of one number a token, after all depths; what ran at each depth. */
function broken(logits: readonly number[], values: readonly number[], threshold: number) {
  const g = hostArrays({ seed: 1 });
  let sticks: Halting<HostMatrix> = wholeSticks(g, 1);
  const ran: number[] = [];
  logits.concat(0).forEach((logit, i) => {
    const now = running(g, sticks, threshold);
    ran.push(now.data[0]);
    sticks = brokenOff(g, sticks, {
      x: hostMatrix([1, 1], [values[i]]),
      ...{ depth: i + 1, ran: now },
      ...i < logits.length && { logits: hostMatrix([1, 1], [logit]) },
    });
  });
  return { sticks, ran };
}

Deno.test("shares of a stick sum to 1, and the result is their mean", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -4, max: 9, noNaN: true }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(0.9, 0.999),
      (logits, threshold) => {
        const values = [...logits, 1].map((_, i) => 2 + i * i);
        const { sticks, ran } = broken(logits, values, threshold);
        let [left, sum, depth] = [1, 0, 0];
        values.forEach((value, i) => {
          const runs = left > 1 - threshold;
          assertEquals(ran[i], runs ? 1 : 0);
          const share = i === logits.length || !runs ? left : left * sigmoid(logits[i]);
          left -= share;
          sum += share * value;
          depth += share * (i + 1);
        });
        assertAlmostEquals(left, 0, 1e-12);
        assertAlmostEquals(sticks.left.data[0], 0, 1e-12);
        assertAlmostEquals(sticks.sum!.data[0], sum, 1e-9);
        assertAlmostEquals(sticks.depth!.data[0], depth, 1e-9);
        assertEquals(sticks.work!.data[0], ran.reduce((a, b) => a + b, 0));
      },
    ),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("attention reads what tokens gave, and of what is left what they are", () => {
  const g = hostArrays({ seed: 1 });
  const x = hostMatrix([1, 1], [10]);
  assertEquals(haltedStream(g, x, wholeSticks(g, 1)).data[0], 10);
  const sticks = { left: hostMatrix([1, 1], [0.25]), sum: hostMatrix([1, 1], [3]) };
  assertEquals(haltedStream(g, x, sticks).data[0], 5.5);
});
