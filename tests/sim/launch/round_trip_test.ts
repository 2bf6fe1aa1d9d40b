import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { UserError } from "../../../kernels/base/errors.ts";
import { modelPreset } from "../../../core/spec/presets/presets.ts";
import { parseCluster } from "../../../sim/cluster/parse.ts";
import { readLaunch, writeLaunch } from "../../../sim/launch/launch.ts";
import { launcherNames } from "../../../sim/launch/types.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { canonical, launched, planOf, plansOf, siteOf, workload } from "./plans.ts";

const models = ["mixtral-8x7b", "deepseek-v3-mtp", "llama-3-8b"].map((id) => modelPreset(id));
const cluster = parseCluster("h100:32");
const { devices } = cluster;

/** What holds or is refused with a message; any other error is a bug. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Plans of the seed that a launcher has to be able to say; fewer would test nothing. */
const least = {
  "megatron-lm": 250,
  "megatron-bridge": 120,
  deepspeed: 10,
  torchtitan: 15,
} as const;

for (const launcher of launcherNames) {
  Deno.test(`a plan written for ${launcher} and read again is the plan`, () => {
    const said = new Set<string>();
    fc.assert(
      fc.property(fc.constantFrom(...models), plansOf(launcher), (model, input) => {
        const site = siteOf(model, devices);
        const plan = planOf(input, site);
        if (plan === undefined) return;
        const launch = attempt(() => writeLaunch({ plan, model, cluster, workload }, { launcher }));
        if (launch === undefined) return;
        said.add(launch.text);
        const reading = readLaunch(launch.text, { launcher, devices });
        assertEquals(reading.ignored, []);
        const again = completePlan(reading.plan, site);
        assertEquals(canonical(again, model, launcher), canonical(plan, model, launcher));
        if (launcher !== "deepspeed") assertEquals(reading.sequence, workload.sequence);
        if (launcher === "megatron-lm") assertEquals(reading.devices, devices);
      }),
      { seed: 11, numRuns: 1500 },
    );
    assert(said.size >= least[launcher], `${launcher} said ${said.size} plans`);
  });
}

/** Plans by hand whose every field a launcher says. */
const rich: readonly [launcher: Parameters<typeof writeLaunch>[1]["launcher"], Partial<Plan>][] = [
  ["megatron-lm", { pp: 4, vpp: 2, ep: 8, schedule: "interleaved", dispatcher: "hybridep" }],
  ["megatron-bridge", { pp: 4, vpp: 2, ep: 8, schedule: "interleaved", recompute: ["norm"] }],
  ["torchtitan", { pp: 4, ep: 8, zero: 2, schedule: "zb-v", precision: "mxfp8" }],
  ["torchtitan", { tp: 2, ep: 8, zero: 3, shardRanks: 16, recompute: "full" }],
  ["deepspeed", { tp: 2, zero: 2, sequenceParallel: false }],
];

for (const [launcher, plan] of rich) {
  Deno.test(`${launcher} says ${JSON.stringify(plan)}`, () => {
    const input = launched("mixtral-8x7b", "h100:64", {
      ...{ ...plan, globalBatch: 256 },
      ...(launcher === "deepspeed" && { overlap: { parameters: false } }),
    });
    const reading = readLaunch(writeLaunch(input, { launcher }).text, { launcher });
    const again = completePlan(reading.plan, siteOf(input.model, 64));
    assertEquals(
      canonical(again, input.model, launcher),
      canonical(input.plan, input.model, launcher),
    );
  });
}
