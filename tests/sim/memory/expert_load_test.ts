import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import type { RoutingLaw } from "../../../sim/cost/workload.ts";
import { evenLoad, rankLoads, stageLoads } from "../../../sim/memory/expert_load.ts";
import { stageMemory } from "../../../sim/memory/stage_memory.ts";
import { mixture, plan, stack, workload } from "./toy.ts";

const loads = (routing: RoutingLaw, of = { ...plan, ep: 4 }) =>
  stageLoads(mixture, of, { routing });

Deno.test("loads of ranks average one, and a rank's is its experts' share", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 16, maxLength: 16 }),
      (share_E) => {
        const load_R = rankLoads(share_E, 4);
        assertAlmostEquals(load_R.reduce((sum, load) => sum + load, 0), 4, 1e-9);
        const all = share_E.reduce((sum, share) => sum + share, 0);
        const last = share_E.slice(12).reduce((sum, share) => sum + share, 0);
        assertAlmostEquals(load_R[3], 4 * last / all, 1e-9);
      },
    ),
    { seed: 1, numRuns: 50 },
  );
  assertThrows(() => rankLoads([1, 1, 1], 2), RangeError, "3 experts on 2 ranks");
});

Deno.test("a trace names the fullest rank of each stage", () => {
  const share_LE = Array.from(
    { length: 7 },
    (_, layer) =>
      Array.from({ length: 16 }, (_, e) => Math.floor(e / 4) === (layer < 3 ? 1 : 2) ? 3 : 1),
  );
  const of = { ...plan, ep: 4, pp: 2, dp: 4 };
  const [first, second] = loads({ kind: "trace", share_LE }, of);
  // The first stage has mixtures 0 to 2, hot on rank 1; the second has 3 to 6, hot on rank 2.
  assertAlmostEquals(first.mean, 2, 1e-12);
  assertAlmostEquals(second.mean, 2, 1e-12);
  const [mixed] = loads({ kind: "trace", share_LE });
  assertAlmostEquals(mixed.mean, (4 * 2 + 3 * (2 / 3)) / 7, 1e-12);
  assertAlmostEquals(mixed.largest, 2, 1e-12);
});

Deno.test("skew follows its seed and grows with its exponent; even routing and capacities do not", () => {
  const skew = (exponent: number, seed = 1): RoutingLaw => ({ kind: "skew", exponent, seed });
  assertEquals(loads(skew(0.5)), loads(skew(0.5)));
  assert(loads(skew(0.5, 2))[0].mean !== loads(skew(0.5))[0].mean);
  assert(loads(skew(1))[0].mean > loads(skew(0.5))[0].mean);
  assertAlmostEquals(loads(skew(0))[0].mean, 1, 1e-12);
  assertEquals(loads({ kind: "balanced" }), [evenLoad]);
  assertEquals(loads(skew(1), { ...plan, ep: 4, capacityFactor: 1.25 }), [evenLoad]);
});

Deno.test("uneven routing costs the fullest rank activations in proportion, nothing else", () => {
  const of = { ...plan, ep: 4 };
  const bytes = (load: number) =>
    stageMemory(mixture, of, workload, stack, { loads: [{ mean: load, largest: load }] })[0];
  const [one, two, three] = [bytes(1), bytes(2), bytes(3)];
  assertEquals(two.weightBytes + two.optimizerBytes, one.weightBytes + one.optimizerBytes);
  const grown = two.activationBytes - one.activationBytes;
  assertAlmostEquals(three.activationBytes - two.activationBytes, grown, 1);
  const { dModel } = mixture;
  const row = 2 * (dModel + 3 * mixture.moe!.width) + 4;
  assertAlmostEquals(grown, 7 * workload.sequence * 2 * row, 1);
  const skewed = stageMemory(mixture, of, {
    ...workload,
    routing: { kind: "skew", exponent: 1, seed: 3 },
  }, stack);
  assert(skewed[0].activationBytes > one.activationBytes);
});
