import { assert, assertEquals } from "@std/assert";
import { planFault } from "../../../sim/plan/plan_rules.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { alikeTimes, planTime } from "../../../sim/search/evaluate.ts";
import { searchSite } from "../../../sim/search/problem.ts";
import { searchPlans } from "../../../sim/search/search_plans.ts";
import { mixture } from "./problems.ts";

const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;

Deno.test("plans that differ in sharding alone are timed together as each on its own", () => {
  const problem = { sizes: mixture, cluster: "h100:16", workload, globalBatch: 64 };
  const site = searchSite(problem);
  let timed = 0;
  const schedules = ["1f1b", "interleaved", "zb-v", "dualpipe", "gpipe"] as const;
  for (const schedule of schedules) {
    const fix = { schedule, cp: 1, precision: "bf16" } as const;
    const { best } = searchPlans({ ...problem, fix }, { top: 3, front: false });
    for (const { plan } of best) {
      const timeOf = alikeTimes(site);
      for (const zero of [1, 0, 2, 3] as const) {
        for (const gradients of [true, false]) {
          for (const parameters of [true, false]) {
            const overlap = { ...plan.overlap, gradients, parameters };
            const own: Plan = { ...plan, zero, overlap };
            if (planFault(own, site) !== undefined) continue;
            assertEquals(timeOf(own), planTime(own, site));
            timed++;
          }
        }
      }
    }
  }
  assert(timed > 100, `${timed} plans`);
});
