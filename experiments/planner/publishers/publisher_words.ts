/**
 * What published plans say, in words.
 *
 * @module
 */
import { formatNumber } from "../../../reports/format.ts";
import type { Result } from "../../../reports/result.ts";
import { deviceProfile } from "../../../sim/cluster/profiles.ts";
import { wordComparison } from "../../../sim/explain/words/comparison.ts";
import { formatPlan } from "../../../sim/plan/plan_words.ts";
import type { JudgedPlan } from "./judge_publisher.ts";
import { behind } from "./publisher_table.ts";

/** A published plan is as good as the best within this share. */
export const NEAR = 0.05;

const percent = (x: number) => formatNumber(x, "fraction", 2);

/** The answer. */
export function publisherVerdict(judged: readonly JudgedPlan[]): string {
  const near = judged.filter(({ published, alike }) => behind(published, alike) <= NEAR);
  const each = judged.map(({ publisher, published, alike, best }) =>
    `${publisher.id} by ${percent(behind(published, alike))} (${percent(behind(published, best))})`
  );
  return `${near.length} of ${judged.length} published plans are within ${percent(NEAR)} of the ` +
    `best that their software could run, by this simulator. Behind that best, and in brackets ` +
    `behind the best of all plans: ${each.join("; ")}.`;
}

/** What follows from it. */
export function publisherDecision(judged: readonly JudgedPlan[]): string {
  const far = judged.filter(({ published, alike }) => behind(published, alike) > NEAR);
  return far.length === 0
    ? "Published plans are a safe start; what the planner adds are schedules and formats."
    : `Try the planner's plan before the published one for ${
      far.map(({ publisher }) => publisher.id).join(", ")
    }; what sets them apart is told below. Steps that you measured would change this.`;
}

/** Whether a plan that was run would fit here. */
const fitWords = (
  { planning, published: { peakBytes } }: Pick<JudgedPlan, "planning" | "published">,
): string =>
  `what was published takes ${formatNumber(peakBytes, "bytes")} on its fullest stage and ${
    peakBytes <= deviceProfile(planning.cluster.device).memoryBytes
      ? "fits"
      : "does not fit by this memory model, though it was run"
  }`;

/** What sets each published plan apart from the best that its software could run. */
export function publisherNotes(judged: readonly JudgedPlan[]): Result["notes"] {
  return judged.map(({ publisher, alike, comparison, ...judgement }) => ({
    heading: `${publisher.id}: from the best of its software to what was published`,
    paragraphs: [
      `The best: ${formatPlan(alike.plan)}`,
      `Both priced with the software ${publisher.stack}; ${fitWords(judgement)}.`,
      ...wordComparison(comparison, { format: formatNumber }),
      `Printed: ${publisher.cite}.`,
    ],
  }));
}
