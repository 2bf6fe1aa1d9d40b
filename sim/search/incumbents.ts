/**
 * The best plans found so far, which bounds are held against: the best of the objective, and the
 * front that no other plan beats in both time and memory.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { comparePlans } from "./plan_order.ts";
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
  /** Times as long as the fastest plan that those of the front may take; no end unless given. */
  frontSpan?: number;
  /** Share by which a plan may beat the best in time and memory and yet be passed over; 0 unless given. */
  bestSlack?: number;
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

/** The first plan of a front that is as small as that; their number where none is. */
function asSmall(front: readonly Point[], peakBytes: number): number {
  let low = 0;
  let high = front.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (front[middle].peakBytes > peakBytes) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Seconds that plans of a front may take; those of the fastest so far, times a span. */
const spanned = (front: readonly Point[], { frontSpan = Infinity }: IncumbentRules) =>
  front.length === 0 || frontSpan === Infinity
    ? Infinity
    : front[0].stepSeconds * Math.max(1, frontSpan);

/** Whether a plan of the front is at least as good in both. */
function beaten(front: readonly Point[], point: Point): boolean {
  const at = asFast(front, point.stepSeconds);
  return at > 0 && front[at - 1].peakBytes <= point.peakBytes;
}

/** What a plan has to beat to be among the best. */
function toBeat({ best }: Incumbents, { bestSlack = 0 }: IncumbentRules): Point {
  const { stepSeconds, peakBytes } = best[best.length - 1];
  return { stepSeconds: stepSeconds * (1 - bestSlack), peakBytes: peakBytes * (1 - bestSlack) };
}

/**
 * The longest time that a plan of so many bytes may take and still be kept, -Infinity where none may.
 * What takes no longer may yet be hopeless.
 */
export function mostSeconds(known: Incumbents, peakBytes: number, rules: IncumbentRules): number {
  const { best, front } = known;
  if (best.length < rules.top) return Infinity;
  const last = toBeat(known, rules);
  let most = -Infinity;
  if (rules.objective !== "memory") most = last.stepSeconds;
  else if (peakBytes < last.peakBytes) return Infinity;
  else if (peakBytes === last.peakBytes) most = last.stepSeconds;
  if (!rules.front) return most;
  const factor = 1 + (rules.frontSlack ?? 0);
  const at = asSmall(front, peakBytes * factor);
  const allowed = at === front.length ? Infinity : front[at].stepSeconds / factor;
  return Math.max(most, Math.min(allowed, spanned(front, rules)));
}

/** Whether no plan with at least this time and memory can be kept. */
export function isHopeless(known: Incumbents, point: Point, rules: IncumbentRules): boolean {
  const { best, front } = known;
  if (best.length < rules.top) return false;
  // Of plans that are equally good, the one that comes first among plans is kept.
  if (compareFound(point, toBeat(known, rules), rules.objective) <= 0) return false;
  if (!rules.front || point.stepSeconds > spanned(front, rules)) return true;
  const factor = 1 + (rules.frontSlack ?? 0);
  return beaten(front, {
    stepSeconds: point.stepSeconds * factor,
    peakBytes: point.peakBytes * factor,
  });
}

/** Below 0 where one plan is kept before another; 0 where they are the same. */
function compareKept(a: FoundPlan, b: FoundPlan, objective: SearchObjective): number {
  return compareFound(a, b, objective) || comparePlans(a.plan, b.plan);
}

function keepBest(best: FoundPlan[], found: FoundPlan, { objective, top }: IncumbentRules): void {
  const last = best[top - 1];
  if (last !== undefined && compareKept(found, last, objective) >= 0) return;
  let low = 0;
  let high = best.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKept(found, best[middle], objective) <= 0) high = middle;
    else low = middle + 1;
  }
  if (low < best.length && compareKept(found, best[low], objective) === 0) return;
  best.splice(low, 0, found);
  if (best.length > top) best.pop();
}

function keepFront(front: FoundPlan[], found: FoundPlan, rules: IncumbentRules): void {
  const { stepSeconds, peakBytes } = found;
  if (stepSeconds > spanned(front, rules)) return;
  const at = asFast(front, stepSeconds);
  const rival = front[at - 1];
  if (rival !== undefined && rival.peakBytes <= peakBytes) {
    const equal = rival.stepSeconds === stepSeconds && rival.peakBytes === peakBytes;
    if (equal && comparePlans(found.plan, rival.plan) < 0) front[at - 1] = found;
    return;
  }
  const from = rival !== undefined && rival.stepSeconds === stepSeconds ? at - 1 : at;
  let to = from;
  while (to < front.length && front[to].peakBytes >= peakBytes) to++;
  front.splice(from, to - from, found);
  const most = spanned(front, rules);
  while (front[front.length - 1].stepSeconds > most) front.pop();
}

/**
 * Keeps a plan where it is good enough; equal plans are kept once. What is kept of some plans does not
 * depend on their order.
 */
export function keepPlan(known: Incumbents, found: FoundPlan, rules: IncumbentRules): void {
  keepBest(known.best, found, rules);
  if (rules.front) keepFront(known.front, found, rules);
}

/** Keeps what others have found. */
export function keepAll(
  known: Incumbents,
  from: Readonly<Record<keyof Incumbents, readonly FoundPlan[]>>,
  rules: IncumbentRules,
): void {
  for (const found of [...from.best, ...from.front]) keepPlan(known, found, rules);
}
