/**
 * A question answered: searched, run by events, explained.
 *
 * @module
 */
import { fitErrors } from "../simulate/left_out.ts";
import type { SimulatedStep } from "../../sim/step/simulate_step.ts";
import { bestPlans, type PlacedPlan } from "./best_groups.ts";
import { type LaunchFile, launchFiles } from "./launch/launch_files.ts";
import { makeRecord } from "./make_record.ts";
import { nothingFits } from "./nothing_fits.ts";
import type { AskedBeside } from "./plan_question.ts";
import { type ComparedPlans, compareNamed, explainNamed } from "./plan_reasons.ts";
import type { PlanRecord } from "./plan_record.ts";
import type { Planning } from "./planning.ts";
import type { RunSearch } from "./run_searches.ts";

/** Plans that a search keeps for each that is shown: most of them differ in a small field. */
const KEPT = 60;

/** Plans that a search keeps so that so many groups of them can be shown. */
export const keptFor = (top: number): number => KEPT * top;

/** What an answer is made of, beside the searches. */
export interface AnswerOptions {
  /** The question. */
  planning: Planning;
  /** What of it is not in there. */
  beside: AskedBeside;
  /** Plans to explain. */
  explain: readonly string[];
  /** A plan to compare with the best, or two; none where empty. */
  compare: readonly string[];
}

/** An answer with what its page shows beside the record. */
export interface Answer {
  /** The record. */
  record: PlanRecord;
  /** The best plan. */
  best: PlacedPlan;
  /** Its step by events. */
  step: SimulatedStep;
  /** The best plan as files for launchers. */
  launched: LaunchFile[];
  /** Plans that were compared. */
  compared: ComparedPlans[];
}

/**
 * Makes an answer of searches.
 *
 * @throws {UserError} where they have found nothing, and for named plans that cannot be read.
 */
export async function answerOf(
  runs: readonly RunSearch[],
  options: AnswerOptions,
): Promise<Answer> {
  const { planning, beside, explain, compare } = options;
  if (runs.every(({ best }) => best.length === 0)) throw nothingFits(planning, runs);
  const errors = await fitErrors();
  const { top, hourDollars } = beside;
  const { best, step } = bestPlans(runs, { top, keep: keptFor(top), hourDollars, errors });
  const [first] = best;
  const explained = await Promise.all(explain.map((word) => explainNamed(word, planning)));
  const compared = compare.length === 0
    ? []
    : [await compareNamed(compare, { planning: first.planning, best: first.plan })];
  const { launcher } = beside;
  const launched = launchFiles(first.planning, first.plan, { launchers: launcher && [launcher] });
  const found = { runs, best, step, launched, errors, explained, compared };
  const record = makeRecord({ planning, beside, ...found });
  return { record, best: first, step, launched, compared };
}
