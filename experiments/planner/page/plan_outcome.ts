/**
 * The planner's answer as the result that its page is rendered from.
 *
 * @module
 */
import type { Outcome } from "../../define.ts";
import {
  bestBars,
  comparisonBars,
  memoryWaterfall,
  sensitivityBars,
  stepWaterfall,
} from "./plan_bars.ts";
import { namedCards, planCard, reasonCards } from "./plan_card.ts";
import { planFunnel } from "./plan_funnel.ts";
import { planNotes } from "./plan_notes.ts";
import type { PlanPage } from "./plan_page.ts";
import { planScatter } from "./plan_scatter.ts";
import { planTables } from "./plan_tables.ts";
import { planDecision, planVerdict } from "./plan_verdict.ts";

/** Everything of a result that the answer says; what is left is when and where it was made. */
export type PlanOutcome = Omit<Outcome, "circumstances">;

/**
 * The counts of plans checked: each plan of the space is counted once.
 *
 * @throws {SyntaxError} for counts that are no digits.
 */
function countsCheck({ counts }: PlanPage["record"]): PlanOutcome["checks"][number] {
  const { rules, same, dominance, memory, time, left, evaluated, enumerated } = counts;
  const all = [...Object.values(rules), same, dominance, memory, time, left, evaluated];
  const off = all.reduce((sum, count) => sum + BigInt(count), 0n) - BigInt(enumerated);
  return {
    name: "Every plan is counted once",
    value: Math.abs(Number(off)),
    limit: 0,
    passed: off === 0n,
    note: "Difference of the plans of the space and the sum of what became of them.",
  };
}

/** The answer as a result. */
export function planOutcome(page: PlanPage): PlanOutcome {
  const { record, timeline, lines = [] } = page;
  const tables = planTables(page);
  const against = comparisonBars(page);
  const named = namedCards(page);
  const why = reasonCards(page);
  return {
    verdict: planVerdict(record),
    decision: planDecision(record),
    notes: planNotes(record),
    tables: tables.map(({ info }) => info),
    rows: tables.flatMap(({ rows }) => rows),
    samples: {},
    pairs: [],
    pairSummaries: [],
    timelines: timeline ? [timeline] : [],
    checks: [countsCheck(record)],
    cards: [planCard(page), ...why, ...named],
    scatters: [planScatter(page)],
    ...(lines.length > 0 && { lines: [...lines] }),
    bars: [
      sensitivityBars(record),
      ...(record.best.length > 1 ? [bestBars(record)] : []),
      ...against,
    ],
    waterfalls: [stepWaterfall(record), memoryWaterfall(record)],
    funnels: [planFunnel(record)],
    sections: [
      ...["best-plan", "front"],
      ...why.map(({ id }) => id),
      ...["results", "step-parts"],
      ...(timeline ? ["timelines"] : []),
      ...["memory", "sensitivity"],
      ...(record.best.length > 1 ? ["best-steps"] : []),
      ...named.map(({ id }) => id),
      ...against.map(({ id }) => id),
      ...lines.map(({ id }) => id),
      ...["searched", "checks", "provenance"],
    ],
  };
}
