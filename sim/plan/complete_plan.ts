/**
 * From part of a plan to a whole one that fits a model and a world.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { nearestPlan } from "./nearest_plan.ts";
import type { Plan } from "./plan.ts";
import { formatChanges } from "./plan_changes.ts";
import { withDefaults } from "./plan_defaults.ts";
import type { PlanInput } from "./plan_input.ts";
import { planFault, type PlanSite } from "./plan_rules.ts";

/**
 * Fills in what a plan leaves open and checks that it fits.
 *
 * @throws {UserError} that says which rule the plan breaks and which plan nearby holds.
 *
 * @example
 * ```ts
 * import { completePlan, parsePlan, type Sizes } from "@moelab/moelab/sim";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 512, vocab: 32000, tied: true, mtpLayers: 0 },
 *   attention: { heads: 8, kvHeads: 8, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 2048, ffnMatrices: 3, learnedPositions: false },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const site = { devices: 16, sizes, workload };
 * const plan = completePlan(parsePlan("tp=2,pp=4"), site);
 * assertEquals([plan.dp, plan.schedule, plan.sequenceParallel], [2, "1f1b", true]);
 * assertThrows(
 *   () => completePlan(parsePlan("tp=3,pp=4"), site),
 *   TypeError,
 *   "16 devices cannot be divided by tp 3 times cp 1 times pp 4; nearest that holds: tp=4",
 * );
 * ```
 */
export function completePlan(input: PlanInput, site: PlanSite): Plan {
  const plan = withDefaults(input, site);
  const fault = planFault(plan, site);
  if (fault === undefined) return plan;
  const near = nearestPlan(input, site, { rule: fault.rule });
  throw new UserError(
    `Cannot use the plan for ${site.sizes.name} on ${site.devices} devices: ${fault.says}; ` +
      (near ? `nearest that holds: ${formatChanges(near)}` : `no plan nearby holds`),
  );
}
