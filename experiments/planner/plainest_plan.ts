/**
 * A plan without words that say nothing: of plans with the same price, the plainest.
 *
 * A search takes whichever of equal plans it meets, and rounding alone can make one of them the best:
 * an order of the pipeline on one stage, rows in FP8 that go nowhere. Such a word confuses whoever reads
 * the plan, and a launcher may refuse it.
 *
 * @module
 */
import { planFault } from "../../sim/plan/plan_rules.ts";
import type { Plan } from "../../sim/plan/plan.ts";
import { settledPlan } from "../../sim/explain/settled_plan.ts";
import type { ChoiceLists } from "../../sim/search/choice_lists.ts";
import { choicesOf } from "../../sim/search/choices.ts";
import { pricePlan } from "../../sim/search/evaluate.ts";
import type { FoundPlan } from "../../sim/search/incumbents.ts";
import type { SearchSite } from "../../sim/search/problem.ts";

/** Fields with their plainest values, in the order in which they are tried. */
const plainest = [
  ["schedule", "1f1b"],
  ["dispatcher", "all-gather"],
  ["dispatcher", "all-to-all"],
  ["zero", 0],
  ["experts", "none"],
  ["tensor", false],
  ["pipeline", false],
  ["parameters", false],
] as const;

/** Rounding: plans closer than that have the same price. */
const SAME = 1e-9;

/** Whether a list of a search has a value, so that the question and its launcher allow it. */
function allowed(lists: ChoiceLists, field: keyof ChoiceLists, value: unknown): boolean {
  return (lists[field] as readonly unknown[]).includes(value);
}

/** Plans that are plainer in one word, those of formats first. */
function plainer(plan: Plan, site: SearchSite, lists: ChoiceLists): (() => Plan)[] {
  return [
    ...(["dispatch", "combine"] as const).filter((field) => allowed(lists, field, undefined))
      .map((field) => () => {
        const { [field]: _, ...formats } = plan.formats;
        return { ...plan, formats };
      }),
    ...plainest.filter(([field, value]) => allowed(lists, field, value))
      .map(([field, value]) => () => settledPlan(plan, { field, value }, site)),
  ];
}

/**
 * The plainest plan with the price of another, which it has where nothing is plainer.
 *
 * @param price A plan that holds, with its price.
 * @param site Where it was searched; what the question holds stays.
 */
export function plainestPlan<T extends FoundPlan>(price: T, site: SearchSite): T {
  const lists = choicesOf(site);
  const count = plainer(price.plan, site, lists).length;
  let best = price;
  for (let i = 0; i < count; i++) {
    const plan = plainer(best.plan, site, lists)[i]();
    if (planFault(plan, site) !== undefined) continue;
    const { stepSeconds, peakBytes } = pricePlan(plan, site);
    if (stepSeconds > price.stepSeconds * (1 + SAME)) continue;
    if (peakBytes > price.peakBytes * (1 + SAME)) continue;
    // What differs by rounding alone stays as the search has it.
    best = { ...best, plan, peakBytes: Math.min(peakBytes, price.peakBytes) };
  }
  return best;
}
