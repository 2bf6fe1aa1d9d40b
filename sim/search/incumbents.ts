/**
 * The best plans found so far, which bounds are held against: the best of the objective, and the
 * front that no other plan beats in both time and memory.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import type { SearchObjective } from "./problem.ts";

/** A plan that fits, priced. */
export interface FoundPlan {
  /** The plan. */
  plan: Plan;
  /** Seconds of a step; dollars and joules follow. */
  stepSeconds: number;
  /** Memory of the fullest stage, bytes. */
  peakBytes: number;
}

/** What is kept; plain data. */
export interface Incumbents {
  /** The best, in order. */
  best: FoundPlan[];
  /** The front by time, fastest first; memory falls along it. */
  front: FoundPlan[];
}

/** What incumbents are kept by. */
export interface IncumbentRules {
  /** How many are best. */
  top: number;
  /** Whether a front is kept. */
  front: boolean;
  /**
   * Share by which a plan may beat the front in time and memory and yet be passed over; 0 for the whole
   * front. The best are exact in any case.
   */
  frontSlack?: number;
  /** What is best. */
  objective: SearchObjective;
}

type Point = Pick<FoundPlan, "stepSeconds" | "peakBytes">;

/** Below 0 where one plan is better than another; ties go by the other figure. */
export function compareFound(a: Point, b: Point, objective: SearchObjective): number {
  const time = a.stepSeconds - b.stepSeconds;
  const memory = a.peakBytes - b.peakBytes;
  return objective === "memory" ? memory || time : time || memory;
}

/** The number of plans of a front that are as fast as that, at least. */
function asFast(front: readonly Point[], stepSeconds: number): number {
  let low = 0;
  let high = front.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (front[middle].stepSeconds <= stepSeconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a plan of the front is at least as good in both. */
function beaten(front: readonly Point[], point: Point): boolean {
  const at = asFast(front, point.stepSeconds);
  return at > 0 && front[at - 1].peakBytes <= point.peakBytes;
}

/** Whether no plan with at least this time and memory can be kept. */
export function isHopeless(known: Incumbents, point: Point, rules: IncumbentRules): boolean {
  const { best, front } = known;
  if (best.length < rules.top) return false;
  if (compareFound(point, best[best.length - 1], rules.objective) < 0) return false;
  if (!rules.front) return true;
  const factor = 1 + (rules.frontSlack ?? 0);
  return beaten(front, {
    stepSeconds: point.stepSeconds * factor,
    peakBytes: point.peakBytes * factor,
  });
}

/** Keeps a plan where it is good enough; equal plans are kept once. */
export function keepPlan(known: Incumbents, found: FoundPlan, rules: IncumbentRules): void {
  const { best, front } = known;
  const { objective, top } = rules;
  const last = best[top - 1];
  if (last === undefined || compareFound(found, last, objective) < 0) {
    const text = JSON.stringify(found.plan);
    const equal = (other: FoundPlan) =>
      compareFound(other, found, objective) === 0 && JSON.stringify(other.plan) === text;
    if (!best.some(equal)) {
      const at = best.findIndex((other) => compareFound(found, other, objective) < 0);
      best.splice(at < 0 ? best.length : at, 0, found);
      if (best.length > top) best.pop();
    }
  }
  if (!rules.front || beaten(front, found)) return;
  const from = front.findIndex((other) => other.stepSeconds >= found.stepSeconds);
  if (from < 0) {
    front.push(found);
    return;
  }
  let to = from;
  while (to < front.length && front[to].peakBytes >= found.peakBytes) to++;
  front.splice(from, to - from, found);
}

/** Keeps what others have found. */
export function keepAll(known: Incumbents, from: Incumbents, rules: IncumbentRules): void {
  for (const found of [...from.best, ...from.front]) keepPlan(known, found, rules);
}
