/**
 * All rules that a plan breaks, not the first alone.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { type MendableField, planRules, type PlanSite } from "../plan/plan_rules.ts";

/** A rule that a plan breaks. */
export interface PlanFault {
  /** Name of the rule. */
  rule: string;
  /** What is wrong, with the figures. */
  says: string;
  /** Fields that could mend it, the first first. */
  mends: readonly MendableField[];
}

/** Rules about replicas and stages, which say nothing where degrees make no world. */
const afterWorld: ReadonlySet<string> = new Set([
  ...["replicas", "expert world", "batch", "shards", "micro-batches"],
]);

/**
 * The rules that a plan breaks, in the order of the rules; none where it holds. Where its degrees do
 * not divide the world, what follows from the number of replicas is left out.
 */
export function planFaults(plan: Plan, site: PlanSite): PlanFault[] {
  const faults: PlanFault[] = [];
  const worldless = site.devices % (plan.tp * plan.cp * plan.pp) !== 0;
  for (const { name, mends, fault } of planRules) {
    if (worldless && afterWorld.has(name)) continue;
    // Part of a micro-batch says nothing about a schedule.
    if (name === "micro-batches" && faults.some(({ rule }) => rule === "batch")) continue;
    const says = fault(plan, site);
    if (says !== undefined) faults.push({ rule: name, says, mends });
  }
  return faults;
}
