/**
 * An answer as its page takes it.
 *
 * @module
 */
import { stepTimeline } from "../simulate/events.ts";
import type { Answer } from "./answer.ts";
import type { PlanPage } from "./page/plan_page.ts";
import { simulationOf } from "./planning.ts";

/** What the page of an answer is made of. */
export function pageOf({ record, best, step, compared }: Answer): PlanPage {
  const { why, changes, rivals } = record.reasons;
  return {
    record,
    sentences: [...why, ...changes, ...rivals],
    comparisons: compared.flatMap(({ plans, comparison }) =>
      comparison && plans[0] === "best" ? [{ name: plans[1], comparison }] : []
    ),
    timeline: stepTimeline(step, simulationOf(best.planning, best.plan)),
  };
}
