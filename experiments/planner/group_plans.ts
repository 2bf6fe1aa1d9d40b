/**
 * The best plans without those that say almost the same: a search finds hundreds that differ from its
 * best in one small field, and nobody wants to read ten of them.
 *
 * @module
 */
import type { Plan } from "../../sim/plan/plan.ts";

/** The best plan of a group, and how many follow it closely. */
export interface PlanGroup<T> {
  /** The best. */
  best: T;
  /** Others of the group that are within a hundredth of it. */
  alike: number;
  /** Whether there may be more of them, beyond what was kept. */
  more: boolean;
}

/** Plans with the same of these, and of their schedule, are one group. */
const degrees = ["tp", "cp", "dp", "pp", "vpp", "ep", "etp", "zero"] as const;

/** The order of a pipeline; one of a single stage has none, and without chunks nothing interleaves. */
function orderOf({ pp, vpp, schedule }: Plan): string {
  if (pp === 1) return "one stage";
  return schedule === "interleaved" && vpp === 1 ? "1f1b" : schedule;
}

/** How near is alike. */
const NEAR = 1.01;

/** Groups whose best plans nothing tells apart, joined: the first of them has the others' plans. */
function joined<T>(groups: Iterable<readonly T[]>, same: (a: T, b: T) => boolean): T[][] {
  const all: T[][] = [];
  for (const group of groups) {
    const first = all.find(([best]) => same(best, group[0]));
    if (first) first.push(...group);
    else all.push([...group]);
  }
  return all;
}

/**
 * Groups plans by their degrees, sharding and schedule, the best group first.
 *
 * @param found Plans, the best first.
 * @param options `value`: what the best have least of; `all`: whether no plan was left out of `found`
 * for want of room; `same`: whether two plans of different groups are as good as one another, so that
 * one line is enough for both groups.
 */
export function groupPlans<T extends { plan: Plan }>(
  found: readonly T[],
  { value, all, same = () => false }: {
    value: (of: T) => number;
    all: boolean;
    same?: (a: T, b: T) => boolean;
  },
): PlanGroup<T>[] {
  const groups = Map.groupBy(
    found,
    ({ plan }) => [...degrees.map((field) => plan[field]), orderOf(plan)].join(),
  );
  const last = found.length === 0 ? 0 : value(found[found.length - 1]);
  return joined(groups.values(), same).map(([best, ...others]) => {
    const most = NEAR * value(best);
    return {
      best,
      alike: others.filter((other) => value(other) <= most).length,
      more: !all && last <= most,
    };
  });
}
