/**
 * Why the best plan is best, and what is to be said of plans that a user names, in sentences.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { formatNumber } from "../../reports/format.ts";
import { comparePlans, type PlanComparison } from "../../sim/explain/compare_plans.ts";
import { explainPlan } from "../../sim/explain/explain_plan.ts";
import { nearestRival } from "../../sim/explain/nearest_rival.ts";
import type { InputRivals, RivalPlan } from "../../sim/explain/rivals.ts";
import { foundOn } from "../../sim/explain/kept_plans.ts";
import { changeWords } from "../../sim/explain/plan_differences.ts";
import { shadowPrices } from "../../sim/explain/shadow_prices.ts";
import { whyNot } from "../../sim/explain/why_not.ts";
import { wordRivals, wordShadowPrices } from "../../sim/explain/words/changes.ts";
import { wordComparison, wordVerdict } from "../../sim/explain/words/comparison.ts";
import { wordExplanation } from "../../sim/explain/words/explanation.ts";
import type { FigureFormat } from "../../sim/explain/words/figures.ts";
import type { PlanInput } from "../../sim/plan/plan_input.ts";
import type { Plan } from "../../sim/plan/plan.ts";
import type { PlanPrice } from "../../sim/search/evaluate.ts";
import type { FoundPlan } from "../../sim/search/incumbents.ts";
import { searchSite } from "../../sim/search/problem.ts";
import { readPlanOf } from "../simulate/inputs.ts";
import type { PlacedPlan } from "./best_groups.ts";
import { plainestPlan } from "./plainest_plan.ts";
import type { NamedPlans, PlanReasons } from "./plan_record.ts";
import { type Planning, problemOf } from "./planning.ts";

/** Figures with plain spaces, since records are read by programs too. */
const format: FigureFormat = (value, unit, digits) =>
  formatNumber(value, unit, digits).replaceAll(/[\u00a0\u202f]/g, " ");

/** What changes are counted from, where that is not the plan that events put first. */
function countedFrom(best: PlanPrice, plan: Plan): string[] {
  const change = changeWords(plan, best.plan);
  if (change === "") return [];
  return [
    `Counted from the best by closed form, ${change}: ${format(best.stepSeconds, "seconds")}`,
  ];
}

/** Why the best plan is best; what changes would buy is said where time is asked. */
export function planReasons({ run, plan }: PlacedPlan): PlanReasons {
  const { problem, planning: { objective } } = run;
  const site = searchSite(problem);
  const why = wordExplanation(explainPlan(plan, site), { format });
  if (objective === "memory") return { why, changes: [], rivals: [] };
  const best = plainestPlan(run.best[0], site);
  const plain = (found: FoundPlan) => plainestPlan(found, site);
  const changes = shadowPrices(problem, { search: run, effort: "kept" }).map((shadow) => {
    if (!shadow.price) return shadow;
    // As things are: with the change all other plans have other prices too.
    const { plan } = plain(foundOn(shadow.price.plan, site));
    const replanned = shadow.replanned && changeWords(best.plan, plan) !== "";
    return { ...shadow, price: { ...shadow.price, plan }, replanned };
  });
  const plainly = (rival: RivalPlan) => ({ ...rival, rival: plain(rival.rival) });
  const rivals = nearestRival(best, [...run.best, ...run.front], site)
    .map(({ input, less, more }): InputRivals => ({
      input,
      ...(less && { less: plainly(less) }),
      ...(more && { more: plainly(more) }),
    }));
  const from = countedFrom(best, plan);
  return {
    why,
    changes: [...from, ...wordShadowPrices(changes, { format, best })],
    rivals: [...from, ...wordRivals(rivals, { format, best })],
  };
}

/**
 * Looks at named plans before anything is searched.
 *
 * @throws {UserError} for one that cannot be read, and for more than two to be compared.
 */
export async function checkNamed(
  explain: readonly string[],
  compare: readonly string[],
): Promise<void> {
  await Promise.all([...explain, ...compare].map(readPlanOf));
  if (compare.length <= 2) return;
  throw new UserError(
    `Cannot compare ${compare.length} plans: wanted two, or one to be compared with the best`,
  );
}

/** A plan that was named; what it leaves open is as the question holds it. */
async function namedPlan(word: string, { fix }: Planning): Promise<PlanInput> {
  return { ...fix, ...await readPlanOf(word) };
}

/** What is to be said of a plan that was named: what is wrong with it, or where its step goes. */
export async function explainNamed(word: string, planning: Planning): Promise<NamedPlans> {
  const verdict = whyNot(await namedPlan(word, planning), searchSite(problemOf(planning)));
  return { plans: [word], says: wordVerdict(verdict, { format }) };
}

/** Two plans that were named, compared. */
export interface ComparedPlans extends NamedPlans {
  /** Where they differ; none where one of them does not hold. */
  comparison?: PlanComparison;
}

/**
 * What is to be said of one plan seen from another.
 *
 * @param words One plan, beside the best one, or two.
 */
export async function compareNamed(
  words: readonly string[],
  options: { planning: Planning; best: Plan },
): Promise<ComparedPlans> {
  const { planning, best } = options;
  const site = searchSite(problemOf(planning));
  const verdicts = await Promise.all(
    words.map(async (word) => ({ word, verdict: whyNot(await namedPlan(word, planning), site) })),
  );
  const wrong = verdicts.filter(({ verdict }) => verdict.faults.length > 0);
  const plans = words.length === 2 ? [...words] : ["best", ...words];
  if (wrong.length > 0) {
    const says = wrong.flatMap(({ word, verdict }) => [
      `${word} does not hold`,
      ...wordVerdict(verdict, { format }),
    ]);
    return { plans, says };
  }
  const [a, b] = [
    ...(words.length === 2 ? [] : [best]),
    ...verdicts.map(({ verdict }) => verdict.plan),
  ];
  const comparison = comparePlans(a, b, site);
  return { plans, says: wordComparison(comparison, { format }), comparison };
}
