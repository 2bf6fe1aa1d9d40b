import { assertAlmostEquals, assertEquals } from "@std/assert";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import { splitOf } from "../../../sim/cost/split.ts";
import { withDefaults } from "../../../sim/plan/plan_defaults.ts";
import { modelPreset } from "../../../core/spec/mod.ts";

const base = sizesOf(modelPreset("mixtral-8x7b"));
const sequence = 96;

function keysSeen(size: number | undefined, causal: boolean) {
  const attention = { ...base.attention, ...(size && { window: { size, every: 2 } }) };
  const sizes = { ...base, attention };
  const workload = { sequence, routing: { kind: "balanced" } as const, causal };
  const plan = withDefaults({}, { devices: 1, sizes, workload });
  return splitOf(sizes, plan, workload);
}

Deno.test("queries in a window see as many keys as counting them one by one says", () => {
  for (const size of [1, 2, 40, 48, 49, 90, 96, 200]) {
    for (const causal of [true, false]) {
      const { keys, windowKeys } = keysSeen(size, causal);
      let counted = 0;
      for (let query = 0; query < sequence; query++) {
        // Half of its own key: a query stands for the middle of a stretch.
        counted += Math.min(size, causal ? query + 0.5 : sequence) / sequence;
      }
      assertAlmostEquals(windowKeys, counted, 0.01, `${size} of ${sequence}`);
      assertEquals(keys, causal ? sequence / 2 : sequence);
    }
  }
  const { keys, windowKeys } = keysSeen(undefined, true);
  assertEquals(windowKeys, keys);
});
