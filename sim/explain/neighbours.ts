/**
 * The plans next to a plan: one field other than it is, and what follows from it.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { planFault } from "../plan/plan_rules.ts";
import { choicesOf } from "../search/choices.ts";
import { planMemory, planTime } from "../search/evaluate.ts";
import type { SearchSite } from "../search/problem.ts";
import { bitsOf, fullBits } from "../search/recompute_sets.ts";
import { type ChangedField, fieldOf, settledPlan } from "./settled_plan.ts";

/** A plan in one field other than another one. */
export interface Neighbour {
  /** The field. */
  field: ChangedField;
  /** What it has there. */
  value: unknown;
  /** How far that is: powers of two for a degree, 1 for what is no number. */
  distance: number;
  /** The plan; it may break rules. */
  plan: Plan;
}

/** A neighbour that holds, priced. */
export interface PricedNeighbour extends Neighbour {
  /** Seconds of a step. */
  stepSeconds: number;
  /** Memory of the fullest stage, bytes. */
  peakBytes: number;
}

/** Lists so long that only values nearby are tried. */
const LONG = 24;

/** Whether sets of modules differ by one module, or one of them is nothing or everything. */
function nearSets(a: Plan["recompute"], b: Plan["recompute"]): boolean {
  const [one, other] = [bitsOf(a), bitsOf(b)];
  if (one % fullBits === 0 || other % fullBits === 0) return true;
  const apart = one ^ other;
  return (apart & (apart - 1)) === 0;
}

function distanceOf(from: unknown, to: unknown): number {
  return typeof from === "number" && typeof to === "number" && from > 0 && to > 0
    ? Math.abs(Math.log2(to / from))
    : 1;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** All neighbours of a plan among the values that its question allows, whether they hold or not. */
export function neighboursOf(plan: Plan, site: SearchSite): Neighbour[] {
  const { dispatch: _d, combine: _c, ...lists } = choicesOf(site);
  const found = new Map<string, Neighbour>();
  for (const [name, list] of Object.entries(lists)) {
    const field = name as ChangedField;
    const now = fieldOf(plan, field);
    const at = list.findIndex((value) => same(value, now));
    list.forEach((value, i) => {
      if (i === at) return;
      const near = field === "recompute"
        ? nearSets(plan.recompute, value as Plan["recompute"])
        : list.length <= LONG || at < 0 || Math.abs(i - at) <= 3;
      if (!near) return;
      const next = settledPlan(plan, { field, value }, site);
      const key = JSON.stringify(next);
      if (found.has(key) || same(next, plan)) return;
      found.set(key, { field, value, distance: distanceOf(now, value), plan: next });
    });
  }
  return [...found.values()];
}

/** The neighbours that hold, priced; whether they fit is for `site.limitBytes` to say. */
export function pricedNeighbours(plan: Plan, site: SearchSite): PricedNeighbour[] {
  return neighboursOf(plan, site)
    .filter((neighbour) => planFault(neighbour.plan, site) === undefined)
    .map((neighbour) => ({
      ...neighbour,
      stepSeconds: planTime(neighbour.plan, site).stepSeconds,
      peakBytes: planMemory(neighbour.plan, site).peakBytes,
    }));
}
