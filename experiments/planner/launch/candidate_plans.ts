/**
 * Plans near one that a launcher cannot be told: its fields moved into the lists of what it can be.
 *
 * @module
 */
import type { Plan } from "../../../sim/plan/plan.ts";
import { withDefaults } from "../../../sim/plan/plan_defaults.ts";
import { planFault } from "../../../sim/plan/plan_rules.ts";
import type { ChoiceLists } from "../../../sim/search/choice_lists.ts";
import { choicesOf } from "../../../sim/search/choices.ts";
import { type SearchProblem, type SearchSite, searchSite } from "../../../sim/search/problem.ts";
import { distance, fieldOf, type ListField, matters, sameValue, withField } from "./list_fields.ts";

/** Values that a field is moved to at most. */
const NEAR = 4;

/** Plans that are gone on with at most. */
const WIDTH = 400;

/** Lists with what follows from them once. */
export interface CandidateSite {
  /** The problem. */
  site: SearchSite;
  /** Values by field. */
  lists: ChoiceLists;
  /** Formats that every plan has. */
  formats: Plan["formats"];
}

/** What candidates of a search are made of. */
export function candidateSite(search: SearchProblem): CandidateSite {
  const site = searchSite(search);
  return { site, lists: choicesOf(site), formats: search.fix?.formats ?? {} };
}

/** The values of a list nearest to one, those at the same distance in the order of the list. */
function nearValues(field: ListField, from: unknown, list: readonly unknown[]): unknown[] {
  return list.map((value) => ({ value, far: distance(field, from, value) }))
    .sort((a, b) => a.far - b.far).slice(0, NEAR).map(({ value }) => value);
}

const fieldsOf = (lists: ChoiceLists) => Object.keys(lists) as ListField[];

const has = (list: readonly unknown[], value: unknown) =>
  list.some((other) => sameValue(other, value));

/** A plan with every field that the lists do not have moved to near values that they have. */
export function moved(plan: Plan, { site, lists }: CandidateSite): Plan[] {
  let plans: Plan[] = [plan];
  for (const field of fieldsOf(lists)) {
    const list: readonly unknown[] = lists[field];
    const next: Plan[] = [];
    for (const one of plans) {
      const value = fieldOf(one, field);
      if (has(list, value)) next.push(one);
      else if (!matters(one, field, site.sizes.moe !== undefined)) {
        next.push(withField(one, field, list[0]));
      } else {for (const near of nearValues(field, value, list)) {
          next.push(withField(one, field, near));
        }}
    }
    plans = next.slice(0, WIDTH);
  }
  return plans;
}

/** Plans with one more field changed, to any value of its list. */
export function changedOnce(plans: readonly Plan[], { lists }: CandidateSite): Plan[] {
  return plans.flatMap((plan) =>
    fieldsOf(lists).flatMap((field) =>
      (lists[field] as readonly unknown[])
        .filter((value) => !sameValue(value, fieldOf(plan, field)))
        .map((value) => withField(plan, field, value))
    )
  );
}

/** Whether two plans cut the model alike. */
const sameCut = (a: Plan, b: Plan) => a.pp === b.pp && a.vpp === b.vpp && a.schedule === b.schedule;

/** A candidate as a whole plan with what follows from its fields, or nothing where it breaks a rule. */
export function settled(
  candidate: Plan,
  before: Plan,
  { site, formats }: CandidateSite,
): Plan | undefined {
  const { dp: _, stageLayers, shardRanks, ...rest } = candidate;
  const plan = withDefaults({
    ...rest,
    ...(stageLayers && sameCut(candidate, before) && { stageLayers }),
    ...(shardRanks !== undefined && { shardRanks }),
    formats: { ...formats, ...rest.formats },
  }, site);
  return planFault(plan, site) === undefined ? plan : undefined;
}
