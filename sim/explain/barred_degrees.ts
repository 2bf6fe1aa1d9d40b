/**
 * Degrees of a plan that cannot go further, and the rules that bar them.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { choicesOf } from "../search/choices.ts";
import type { SearchSite } from "../search/problem.ts";
import { type PlanFault, planFaults } from "./plan_faults.ts";
import { settledPlan } from "./settled_plan.ts";

/** Fields that are looked at. */
export const degreeNames = ["tp", "cp", "pp", "vpp", "ep", "etp", "microBatch"] as const;

/** One of them. */
export type DegreeName = typeof degreeNames[number];

/** A degree whose next value breaks rules. */
export interface BarredDegree {
  /** The degree. */
  field: DegreeName;
  /** What it is. */
  now: number;
  /** The next value, up or down. */
  next: number;
  /** The rules that bar it. */
  faults: PlanFault[];
}

/** The values next to one in a list; above the last of them its double. */
function nextValues(list: readonly number[], now: number): number[] {
  const below = list.filter((value) => value < now);
  const above = list.find((value) => value > now) ?? 2 * now;
  return below.length > 0 ? [above, below[below.length - 1]] : [above];
}

/** The degrees whose next value up or down breaks rules; those that are held are left out. */
export function barredDegrees(plan: Plan, site: SearchSite): BarredDegree[] {
  const lists = choicesOf(site);
  return degreeNames.flatMap((field) => {
    const list = [...lists[field]].sort((a, b) => a - b);
    if (list.length < 2 || (field === "vpp" && plan.pp === 1)) return [];
    const now = plan[field];
    return nextValues(list, now).flatMap((next): BarredDegree[] => {
      const faults = planFaults(settledPlan(plan, { field, value: next }, site), site);
      return faults.length > 0 ? [{ field, now, next, faults }] : [];
    });
  });
}
