/**
 * The plan nearest to one that breaks rules or does not fit.
 *
 * Plans are near where few fields differ and degrees differ by small factors; fields that a broken rule
 * names count less than others. Fields are changed one after the other, and of the plans after every
 * change those with the least trouble left go on: so many rules broken, or so many times the memory
 * that there is. It is the nearest plan on these ways, not among all plans.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { planMemory, planTime } from "../search/evaluate.ts";
import type { SearchSite } from "../search/problem.ts";
import { neighboursOf } from "./neighbours.ts";
import { planFaults } from "./plan_faults.ts";

/** Factor of the distance of a field that no broken rule names. */
const UNNAMED = 2;
/** Distance that a broken rule, or memory twice as large as it may be, counts for. */
const TROUBLE = 3;
/** Plans that go on after a change, and changes at most. */
const WIDTH = 12;
const CHANGES = 7;

/** A plan on the way. */
interface Way {
  plan: Plan;
  /** From where it started. */
  distance: number;
  /** What is left to mend; 0 where the plan holds and fits. */
  trouble: number;
  /** Whether it holds. */
  holds: boolean;
}

/** A plan nearby. */
export interface NearPlan {
  /** The plan; it holds. */
  plan: Plan;
  /** Whether it fits. */
  fits: boolean;
}

function wayOf(plan: Plan, distance: number, site: SearchSite): Way {
  const faults = planFaults(plan, site).length;
  if (faults > 0) return { plan, distance, trouble: TROUBLE * (1 + faults), holds: false };
  const times = planMemory(plan, site).peakBytes / site.limitBytes;
  // Whatever holds is nearer than what breaks a rule: plans far too large are told apart up to there.
  const trouble = times <= 1 ? 0 : TROUBLE * Math.min(1, 0.1 + Math.log2(times) / 4);
  return { plan, distance, trouble, holds: true };
}

/** All plans one change further. */
function further(from: readonly Way[], seen: Set<string>, site: SearchSite): Way[] {
  return from.flatMap(({ plan, distance }) => {
    const named = new Set<string>(planFaults(plan, site).flatMap(({ mends }) => mends));
    return neighboursOf(plan, site).flatMap((neighbour): Way[] => {
      const key = JSON.stringify(neighbour.plan);
      if (seen.has(key)) return [];
      seen.add(key);
      const factor = named.size === 0 || named.has(neighbour.field) ? 1 : UNNAMED;
      return [wayOf(neighbour.plan, distance + factor * neighbour.distance, site)];
    });
  });
}

const alike = (a: number, b: number) => Math.abs(a - b) < 1e-9;

/** The nearest of plans without trouble; of equally near ones the fastest. */
function nearestOf(ways: readonly Way[], site: SearchSite): Way | undefined {
  const least = ways.reduce((low, { distance }) => Math.min(low, distance), Infinity);
  let best: { way: Way; stepSeconds: number } | undefined;
  for (const way of ways) {
    if (!alike(way.distance, least)) continue;
    const { stepSeconds } = planTime(way.plan, site);
    if (best === undefined || stepSeconds < best.stepSeconds) best = { way, stepSeconds };
  }
  return best?.way;
}

/**
 * The nearest plan that holds and fits; where none is found that fits, the nearest that holds; see the
 * module.
 *
 * @param plan With all fields filled in; it may break rules.
 */
export function nearestFit(plan: Plan, site: SearchSite): NearPlan | undefined {
  const seen = new Set([JSON.stringify(plan)]);
  const start = wayOf(plan, 0, site);
  let ways = [start];
  let fit: Way | undefined = start.trouble === 0 ? start : undefined;
  let held: Way | undefined = start.holds ? start : undefined;
  for (let change = 0; change < CHANGES; change++) {
    const reach = fit?.distance ?? Infinity;
    const next = further(ways.filter(({ distance }) => distance < reach), seen, site);
    const fitting = next.filter(({ trouble, distance }) => trouble === 0 && distance <= reach);
    fit = nearestOf(fit ? [fit, ...fitting] : fitting, site);
    held ??= nearestOf(next.filter(({ holds }) => holds), site);
    ways = next.filter(({ trouble }) => trouble > 0)
      .sort((a, b) => a.distance + a.trouble - b.distance - b.trouble)
      .slice(0, WIDTH);
    if (ways.length === 0) break;
  }
  const found = fit ?? held;
  return found && { plan: found.plan, fits: found.trouble === 0 };
}
