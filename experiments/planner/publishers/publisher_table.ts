/**
 * Published plans and the planner's as a table.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/estimate.ts";
import type { Row } from "../../../reports/result.ts";
import { formatPlan } from "../../../sim/plan/plan_words.ts";
import type { ConfirmedPlan } from "../../../sim/search/confirm_plans.ts";
import type { KnownErrors } from "../../simulate/known_errors.ts";
import type { FilledTable } from "../../simulate/published/step_tables.ts";
import { withInterval } from "../../simulate/report.ts";
import type { JudgedPlan } from "./judge_publisher.ts";

/** How much longer one plan takes than another, by events. */
export const behind = (plan: ConfirmedPlan, other: ConfirmedPlan): number =>
  plan.eventSeconds / other.eventSeconds - 1;

/** The table: three plans for each publication. */
export function publisherTable(
  judged: readonly JudgedPlan[],
  errorsOf: (judged: JudgedPlan) => KnownErrors,
): FilledTable {
  const table = "publishers";
  const rows = judged.flatMap((one): Row[] => {
    const { publisher, published, alike, best } = one;
    const { id, cluster, publishedSeconds, cite } = publisher;
    const row = (who: string, found: ConfirmedPlan, printed?: number): Row => ({
      id: `${table}-${id}-${who.replaceAll(" ", "-")}`,
      table,
      labels: { model: id, cluster, plan: who, words: formatPlan(found.plan) },
      kind: "simulated",
      metrics: {
        stepSeconds: withInterval(found.eventSeconds, errorsOf(one), "events"),
        peakBytes: exactly(found.peakBytes, "closed form"),
        publishedBehindFraction: exactly(behind(published, found), "events"),
        ...(printed !== undefined && { printedSeconds: exactly(printed, cite) }),
      },
      warnings: [],
    });
    return [
      row("published", published, publishedSeconds),
      row("best of its software", alike),
      row("best of all", best),
    ];
  });
  return {
    info: {
      id: table,
      title: "Published plans and the planner's",
      note:
        "Steps by events, with the software that the publisher used. Behind: how much longer the " +
        "published plan takes than that row's. The best of its software has the publisher's number formats and only what " +
        "that launcher can be told; the best of all has any schedule, overlap and format.",
    },
    rows,
  };
}
