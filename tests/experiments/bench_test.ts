import { assert, assertEquals } from "@std/assert";
import { benchPlan } from "../../experiments/bench/plan.ts";
import { benchSim } from "../../experiments/bench/sim.ts";
import { benchFileSchema } from "../../experiments/bench/bench.ts";
import { parseConfig } from "../../kernels/base/config.ts";

/** A clock that ticks as the work goes on: every look takes a hundredth of a second. */
function ticking() {
  let looks = 0;
  return () => looks++ / 100;
}

for (const [name, bench] of Object.entries({ sim: benchSim, plan: benchPlan })) {
  Deno.test(`the benchmark of ${name} gives rows with work, times and names of their own`, async () => {
    const result = await bench({ quick: true, log: () => {}, seconds: ticking() });
    assertEquals(result.bench, name);
    assert(result.rows.length >= 3);
    assertEquals(new Set(result.rows.map((row) => row.id)).size, result.rows.length);
    for (const { seconds, items } of result.rows) {
      assert(seconds.lo <= seconds.value && seconds.value <= seconds.hi && seconds.lo > 0);
      assert(items!.count >= 1);
    }
    const file = { schema: 1, startedAt: "", commit: "", cpu: "", os: "", ...result };
    assertEquals(parseConfig(benchFileSchema, JSON.parse(JSON.stringify(file)), "file"), file);
  });
}
