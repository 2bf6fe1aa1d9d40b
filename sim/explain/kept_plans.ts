/**
 * The plans that a search kept, priced on a site that may be another one, and climbs from the best of
 * them.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { planMemory, type PlanPrice, planTime } from "../search/evaluate.ts";
import type { FoundPlan } from "../search/incumbents.ts";
import type { SearchSite } from "../search/problem.ts";
import { pricedNeighbours } from "./neighbours.ts";

/** What a search kept. */
export interface KeptPlans {
  /** The best plans. */
  best: readonly PlanPrice[];
  /** The front of time and memory. */
  front: readonly PlanPrice[];
}

/** All plans that are kept, each once. */
export function keptPlans({ best, front }: KeptPlans): Plan[] {
  const kept = new Map([...best, ...front].map(({ plan }) => [JSON.stringify(plan), plan]));
  return [...kept.values()];
}

/** A plan with its time and memory on a site. */
export function foundOn(plan: Plan, site: SearchSite): FoundPlan {
  const { stepSeconds } = planTime(plan, site);
  return { plan, stepSeconds, peakBytes: planMemory(plan, site).peakBytes };
}

/** The plans that fit, fastest first; of equally fast ones the smaller. */
export function fastestFirst(plans: readonly Plan[], site: SearchSite): FoundPlan[] {
  return plans.map((plan) => foundOn(plan, site))
    .filter(({ peakBytes }) => peakBytes <= site.limitBytes)
    .sort((a, b) => a.stepSeconds - b.stepSeconds || a.peakBytes - b.peakBytes);
}

/** Changes of a climb at most. */
const CHANGES = 16;
/** Share by which a change has to be faster. */
const FASTER = 1e-9;

/** Climbs from a plan that fits to the fastest plan next to it that fits, until none is faster. */
export function climbFrom(start: FoundPlan, site: SearchSite): FoundPlan {
  let here = start;
  for (let change = 0; change < CHANGES; change++) {
    let best = here;
    for (const { plan, stepSeconds, peakBytes } of pricedNeighbours(here.plan, site)) {
      if (peakBytes > site.limitBytes || stepSeconds >= best.stepSeconds * (1 - FASTER)) continue;
      best = { plan, stepSeconds, peakBytes };
    }
    if (best === here) break;
    here = best;
  }
  return here;
}

/** The fastest of some climbs; undefined where no plan fits. */
export function climbedBest(
  plans: readonly Plan[],
  site: SearchSite,
  options: { starts?: number } = {},
): FoundPlan | undefined {
  const { starts = 3 } = options;
  return fastestFirst(plans, site).slice(0, starts)
    .map((start) => climbFrom(start, site))
    .reduce<FoundPlan | undefined>(
      (best, found) => best && best.stepSeconds <= found.stepSeconds ? best : found,
      undefined,
    );
}
