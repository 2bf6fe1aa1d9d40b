/**
 * What each of the words in which two plans differ does on its own.
 *
 * @module
 */
import { withDefaults } from "../plan/plan_defaults.ts";
import type { PlanInput } from "../plan/plan_input.ts";
import type { Plan } from "../plan/plan.ts";
import { planFault } from "../plan/plan_rules.ts";
import { formatPlan, parsePlan } from "../plan/plan_words.ts";
import { planMemory, planTime } from "../search/evaluate.ts";
import type { SearchSite } from "../search/problem.ts";
import { followers, type WordDifference, wordDifferences } from "./plan_differences.ts";

/** A word that two plans say differently, and the first plan with this word of the second. */
export interface FieldEffect extends WordDifference {
  /** What the first plan comes to with it alone; none where that breaks a rule or says nothing. */
  alone?: { stepSeconds: number; peakBytes: number };
}

/** Words that cut the model anew. */
const cuts: ReadonlySet<string> = new Set(["pp", "vpp", "schedule"]);

/** A plan with one word of another; replicas and layers of stages follow. */
function withWord(
  plan: Plan,
  { word, to }: WordDifference,
  of: { site: SearchSite; other: Plan },
): Plan {
  const { site, other: { sequenceParallel } } = of;
  const said = parsePlan(`${word}=${to}`);
  const { dp: _dp, stageLayers, ...rest } = plan;
  const input: PlanInput = {
    ...rest,
    // One tensor rank has nothing to split: with more of them the other plan says whether they do.
    ...(word === "tp" && plan.tp === 1 && { sequenceParallel }),
    ...(stageLayers && !cuts.has(word) && { stageLayers }),
    ...said,
    ...(said.formats && { formats: { ...plan.formats, ...said.formats } }),
  };
  return withDefaults(input, site);
}

/** The words in which two plans differ, each with what it does alone. */
export function fieldEffects(a: Plan, b: Plan, site: SearchSite): FieldEffect[] {
  const same = formatPlan(a);
  return wordDifferences(a, b).map((difference): FieldEffect => {
    if (followers.has(difference.word) || difference.to === undefined) return difference;
    const plan = withWord(a, difference, { site, other: b });
    if (planFault(plan, site) !== undefined || formatPlan(plan) === same) return difference;
    const { stepSeconds } = planTime(plan, site);
    return { ...difference, alone: { stepSeconds, peakBytes: planMemory(plan, site).peakBytes } };
  });
}
