/**
 * An order of all plans, so that of plans that are equally good the same ones are kept whoever finds
 * them first.
 *
 * What is usual comes before what is not: low degrees, values that lists begin with, what runs beside
 * something.
 *
 * @module
 */
import { scheduleNames } from "../pipeline/schedule.ts";
import { contextExchanges, dispatchers, expertOverlaps, type Plan } from "../plan/plan.ts";
import { bitsOf } from "./recompute_sets.ts";

/** What plans are ordered by, as numbers; the first in which they differ decides. */
const ranks: readonly ((plan: Plan) => number)[] = [
  ({ tp }) => tp,
  ({ cp }) => cp,
  ({ pp }) => pp,
  ({ vpp }) => vpp,
  ({ ep }) => ep,
  ({ etp }) => etp,
  ({ microBatch }) => microBatch,
  ({ dispatcher }) => dispatchers.indexOf(dispatcher),
  ({ schedule }) => scheduleNames.indexOf(schedule),
  ({ recompute }) => bitsOf(recompute),
  ({ zero }) => zero,
  ({ shardRanks = 0 }) => shardRanks,
  ({ contextExchange }) => contextExchanges.indexOf(contextExchange),
  ({ overlap: { experts } }) => expertOverlaps.indexOf(experts),
  ({ overlap }) => overlap.gradients ? 0 : 1,
  ({ overlap }) => overlap.parameters ? 0 : 1,
  ({ overlap }) => overlap.tensor ? 0 : 1,
  ({ overlap }) => overlap.pipeline ? 0 : 1,
  ({ sequenceParallel }) => sequenceParallel ? 0 : 1,
];

/** A value as text, whatever the order of its keys. */
function textOf(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, part: unknown) =>
      part !== null && typeof part === "object" && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1))
        : part,
  );
}

/** Below 0 where one plan comes before another, 0 where they are the same. */
export function comparePlans(a: Plan, b: Plan): number {
  for (const rank of ranks) {
    const apart = rank(a) - rank(b);
    if (apart !== 0) return apart;
  }
  const [one, other] = [textOf(a), textOf(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}
