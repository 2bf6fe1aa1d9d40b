/**
 * Changes to a plan, in words.
 *
 * @module
 */
import type { PlanChanges } from "./nearest_plan.ts";

/** The words of fields whose name is another. */
const wordOf: Readonly<Record<string, string>> = {
  microBatch: "mb",
  globalBatch: "gb",
  sequenceParallel: "sp",
  contextExchange: "context",
  shardRanks: "shard",
};

/** Changes in the words of a plan: "tp=4,gb=64". */
export function formatChanges(changes: PlanChanges): string {
  return Object.entries(changes).map(([field, value]) =>
    value === undefined ? "without layers" : `${wordOf[field] ?? field}=${value}`
  ).join(",");
}
