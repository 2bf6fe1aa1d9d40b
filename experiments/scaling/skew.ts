/**
 * Uneven routing: what the best plan of balanced routing loses, and which plan would then be best.
 *
 * The closed form has every expert equally wanted, so that the plans that compete are simulated event
 * by event: the best ones of balanced routing, and for every number of expert ranks a good one that fits
 * where the fullest rank holds most. The fewer experts a rank has, the more it feels that one of them is
 * wanted most.
 *
 * @module
 */
import { formatPlan } from "../../sim/plan/plan_words.ts";
import type { RoutingLaw } from "../../sim/cost/workload.ts";
import type { Plan } from "../../sim/plan/plan.ts";
import { confirmPlans } from "../../sim/search/confirm_plans.ts";
import { pricePlan } from "../../sim/search/evaluate.ts";
import { searchSite } from "../../sim/search/problem.ts";
import { type Planning, problemOf } from "../planner/planning.ts";
import { type BestPlans, goodPlan } from "./best_plans.ts";

/** A plan under skewed routing. */
export interface SkewedPlan {
  /** The plan. */
  plan: Plan;
  /** Seconds of a step by events. */
  eventSeconds: number;
  /** Memory of the fullest rank, which holds the most wanted experts; bytes. */
  peakBytes: number;
  /** Whether that fits. */
  fits: boolean;
}

/** All plans at one exponent. */
export interface SkewedRouting {
  /** Popularity falls with the rank of an expert to the power of minus this. */
  exponent: number;
  /** The plans, in the order of the candidates: the first is the best of balanced routing. */
  plans: SkewedPlan[];
  /** The fastest that fits, where any does: its place among the plans. */
  fastest?: number;
}

/** Plans of the best that differ in more than a detail, at most. */
const rivals = 3;

const degreesOf = ({ tp, cp, pp, vpp, ep, etp }: Plan) => [tp, cp, pp, vpp, ep, etp].join();

/** Numbers of expert ranks that may hold. */
function expertRanks({ sizes, cluster }: Planning): number[] {
  const experts = sizes.moe?.experts ?? 1;
  return Array.from({ length: experts }, (_, i) => i + 1)
    .filter((ep) => experts % ep === 0 && cluster.devices % ep === 0);
}

/** The question with uneven routing; exponent 0 is even, not drawn at random. */
function withSkew(planning: Planning, law: { exponent: number; seed: number }): Planning {
  const routing: RoutingLaw = law.exponent === 0 ? { kind: "balanced" } : { kind: "skew", ...law };
  return { ...planning, workload: { ...planning.workload, routing } };
}

/**
 * Plans that compete, the best of balanced routing first.
 *
 * @param options The most uneven routing: for every number of expert ranks there is a plan that fits
 * under it, where one was found.
 */
export function skewCandidates(
  planning: Planning,
  { best }: BestPlans,
  options: { exponent: number; seed: number },
): Plan[] {
  const byDegrees = Map.groupBy(best.map(({ plan }) => plan), degreesOf);
  const found = [...byDegrees.values()].map(([plan]) => plan).slice(0, rivals);
  if (found.length === 0) return found;
  const problem = problemOf(withSkew(planning, options));
  const held = planning.fix.ep;
  const others = expertRanks(planning)
    .filter((ep) => held === undefined || held === ep)
    .map((ep) => goodPlan({ ...problem, fix: { ...planning.fix, ep } })?.plan)
    .filter((plan) => plan !== undefined);
  const known = new Set(found.map((plan) => formatPlan(plan)));
  return [...found, ...others.filter((plan) => !known.has(formatPlan(plan)))];
}

/** Simulates plans with skewed routing. */
export function skewedRouting(
  planning: Planning,
  plans: readonly Plan[],
  options: { exponent: number; seed: number },
): SkewedRouting {
  const { exponent } = options;
  const problem = problemOf(withSkew(planning, options));
  const site = searchSite(problem);
  const skewed = plans.map((plan): SkewedPlan => {
    const price = pricePlan(plan, site);
    const [{ eventSeconds }] = confirmPlans(problem, [price]);
    const { peakBytes } = price;
    return { plan, eventSeconds, peakBytes, fits: peakBytes <= site.limitBytes };
  });
  const fitting = skewed.flatMap(({ fits, eventSeconds }, i) => fits ? [{ i, eventSeconds }] : []);
  const fastest = fitting.sort((a, b) => a.eventSeconds - b.eventSeconds)[0]?.i;
  return { exponent, plans: skewed, ...(fastest !== undefined && { fastest }) };
}

/** What tells candidates apart, where it is not as usual. */
const telling = /^(?:(?:tp|cp|pp|etp)=(?!1$)|ep=|recompute=(?!none$))/;

/** A plan's name among candidates: "pp=2 ep=4 recompute=norm". */
export function candidateName(plan: Plan): string {
  return formatPlan(plan).split(",").filter((word) => telling.test(word)).join(" ");
}
