/**
 * The front: plans that no other beats in everything that is weighed.
 *
 * @module
 */
import type { PlanLine } from "./plan_record.ts";

/** Times as long as the fastest that plans of a front may take: nobody trains with slower ones. */
export const FRONT_SPAN = 10;

/** What is weighed: time and memory, and the cost of a step where devices differ in number. */
const weights = (line: PlanLine): number[] => [
  line.closedSeconds,
  line.peakBytes,
  line.dollars ?? line.energyJoules ?? line.devices * line.closedSeconds,
];

/** Lines that no other line is at least as good as, fastest first; of equal ones the first. */
export function frontOf(lines: readonly PlanLine[]): PlanLine[] {
  // In this order no line is beaten by a later one.
  const sorted = lines.map((line) => ({ line, of: weights(line) }))
    .sort(({ of: a }, { of: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  const front: typeof sorted = [];
  for (const next of sorted) {
    if (!front.some(({ of }) => of.every((value, i) => value <= next.of[i]))) front.push(next);
  }
  return front.map(({ line }) => line);
}
