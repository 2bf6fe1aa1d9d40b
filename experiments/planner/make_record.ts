/**
 * From searches to an answer.
 *
 * @module
 */
import { eventFigures } from "../simulate/events.ts";
import { knownErrors } from "../simulate/known_errors.ts";
import type { FitErrors } from "../simulate/left_out.ts";
import { reportOf } from "../simulate/report.ts";
import { formatPlan } from "../../sim/plan/plan_words.ts";
import { searchSite } from "../../sim/search/problem.ts";
import type { SimulatedStep } from "../../sim/step/simulate_step.ts";
import type { PlacedPlan } from "./best_groups.ts";
import type { LaunchFile } from "./launch/launch_files.ts";
import { plainestPlan } from "./plainest_plan.ts";
import { addCounts, sumOfCounts } from "./plan_counts.ts";
import { frontOf } from "./plan_front.ts";
import { planLine } from "./plan_lines.ts";
import { type AskedBeside, questionOf } from "./plan_question.ts";
import { planReasons } from "./plan_reasons.ts";
import type { NamedPlans, PlanLine, PlannedSearch, PlanRecord } from "./plan_record.ts";
import { planWarnings } from "./plan_warnings.ts";
import { type Planning, simulationOf } from "./planning.ts";
import type { RunSearch } from "./run_searches.ts";

/** What an answer is made of. */
export interface RecordParts {
  /** The question. */
  planning: Planning;
  /** What of it is not in there. */
  beside: AskedBeside;
  /** The searches. */
  runs: readonly RunSearch[];
  /** The best plans; one at least. */
  best: readonly PlacedPlan[];
  /** The step of the first of them, by events. */
  step: SimulatedStep;
  /** The first of them as files for launchers. */
  launched: readonly LaunchFile[];
  /** What is known of the errors of stacks. */
  errors: FitErrors;
  /** Plans that were to be explained. */
  explained: readonly NamedPlans[];
  /** Plans that were to be compared. */
  compared: readonly NamedPlans[];
}

/** The front of all searches; the best plans are on it or beaten by it. */
function wholeFront(runs: readonly RunSearch[], hourDollars?: number): PlanLine[] {
  const lines = new Map(runs.flatMap((run) => {
    const site = searchSite(run.problem);
    return [...run.front, ...run.best].map((price) =>
      [planLine(price, run.planning, { hourDollars }), { price, site }] as const
    );
  }));
  return frontOf([...lines.keys()]).map((line) => {
    const { price, site } = lines.get(line)!;
    return { ...line, plan: formatPlan(plainestPlan(price, site).plan) };
  });
}

function plannedSearch(
  { planning, name, counts, complete, best, front }: RunSearch,
): PlannedSearch {
  const seconds = [...best, ...front].map(({ stepSeconds }) => stepSeconds);
  return {
    ...{ name, devices: planning.cluster.devices, counts, complete },
    ...(seconds.length > 0 && { bestSeconds: Math.min(...seconds) }),
  };
}

/** The answer to a question. */
export function makeRecord(parts: RecordParts): PlanRecord {
  const { planning, beside, runs, best, step, launched, errors, explained, compared } = parts;
  const [first] = best;
  const { hourDollars } = beside;
  const winner = reportOf(simulationOf(first.planning, first.plan), {
    errors: knownErrors(planning.stack, errors, planning.sizes),
    hourDollars,
    events: eventFigures(step),
  });
  const counts = addCounts(runs.map((run) => run.counts));
  const record = {
    schema: 1 as const,
    asked: questionOf(planning, beside),
    searches: runs.map(plannedSearch),
    counts,
    countsSum: sumOfCounts(counts),
    complete: runs.every(({ complete }) => complete),
    best: best.map(({ line }) => line),
    front: wholeFront(runs, hourDollars),
    frontComplete: runs.every((run) => run.frontComplete || (run.complete && !run.best.length)),
    winner,
    reasons: planReasons(first),
    launchers: launched.map(({ text, notes: _, path, ...line }) => ({
      ...line,
      ...(text !== undefined && { path }),
    })),
    explained: explained.map(({ plans, says }) => ({ plans, says })),
    compared: compared.map(({ plans, says }) => ({ plans, says })),
  };
  const slow = (planning.cluster.slow ?? []).length > 0;
  return { ...record, warnings: planWarnings(record, { slow, plan: first.plan }) };
}
