/**
 * Why a device can be faster where there are more of them: each holds less, so that a plan fits which
 * has larger micro-batches or computes less again.
 *
 * @module
 */
import { problemOf } from "../planner/planning.ts";
import { goodPlan } from "./best_plans.ts";
import type { ComparedPoint } from "./efficiency.ts";

/** Bytes that no plan needs. */
const endless = 1e18;

/** A share of the reference's speed which is worth a word. */
const worthAWord = 1.01;

/** Whether a point is clearly faster than its reference. */
export function isFaster({ compared }: ComparedPoint): boolean {
  return (compared?.efficiencyFraction ?? 0) > worthAWord;
}

/**
 * How many times faster the reference of a sweep would be, were memory not to limit it: at least,
 * since its plan is found by climbing. Nothing where no point is faster than it, or it has no plan.
 */
export function memoryRelief(points: readonly ComparedPoint[]): number | undefined {
  const reference = points.find(({ compared }) => compared?.efficiencyFraction === 1);
  if (!reference?.step || !points.some(isFaster)) return undefined;
  const free = goodPlan(problemOf({ ...reference.planning, memoryLimit: endless }));
  const { stepSeconds } = reference.step;
  return stepSeconds / Math.min(stepSeconds, free?.stepSeconds ?? stepSeconds);
}
