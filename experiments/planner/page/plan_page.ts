/**
 * What the planner's page is made of.
 *
 * @module
 */
import type { Timeline } from "../../../reports/result.ts";
import type { LinePlot } from "../../../reports/visuals.ts";
import type { PlanComparison } from "../../../sim/explain/compare_plans.ts";
import type { PlanRecord } from "../plan_record.ts";

/** A plan that a user named, beside the best one: the first of the comparison is the best plan. */
export interface NamedComparison {
  /** A few letters that it is called by, such as "ours". */
  name: string;
  /** Where it differs. */
  comparison: PlanComparison;
}

/** Names longer than this, such as a plan in words, fit no drawing. */
const longest = 24;

/** What a named plan is called where there is little room; tables hold it in full. */
export function calledBy({ name }: NamedComparison, place: number): string {
  return name.length <= longest ? name : `named plan ${place + 1}`;
}

/** The answer of the planner with what its page shows beside it. */
export interface PlanPage {
  /** The answer. */
  record: PlanRecord;
  /** Why the best plan is best, beside what the record says of it. */
  sentences?: readonly string[];
  /** Plans that were named. */
  comparisons?: readonly NamedComparison[];
  /** The best plan's step by events. */
  timeline?: Timeline;
  /** Curves, such as the step over the number of devices. */
  lines?: readonly LinePlot[];
}
