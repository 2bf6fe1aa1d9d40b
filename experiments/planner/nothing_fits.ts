/**
 * Why no plan was found, and what would have one.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { formatNumber } from "../../reports/format.ts";
import { deviceProfiles } from "../../sim/cluster/profiles.ts";
import { completePlan } from "../../sim/plan/complete_plan.ts";
import { formatPlan } from "../../sim/plan/plan_words.ts";
import { searchSite } from "../../sim/search/problem.ts";
import { smallestPlan } from "../../sim/search/smallest_plan.ts";
import { nearestBatch } from "./nearest_batch.ts";
import type { Planning } from "./planning.ts";
import type { RunSearch } from "./run_searches.ts";

const bytes = (value: number) => formatNumber(value, "bytes", 3);

/** The rules that most plans broke, in words. */
function rulesText({ counts }: RunSearch): string {
  const rules = Object.entries(counts.rules).filter(([, plans]) => BigInt(plans) > 0n)
    .sort(([, a], [, b]) => Number(BigInt(b) - BigInt(a)));
  return rules.slice(0, 4).map(([rule]) => `"${rule}"`).join(", ");
}

/** The error for plans that are all too big. */
function tooBig(planning: Planning, run: RunSearch): UserError {
  const { sizes, cluster, memoryLimit } = planning;
  const smallest = run.smallest ?? smallestPlan(run.problem)!;
  const { limitBytes } = searchSite(run.problem);
  const { peakBytes } = smallest;
  const share = memoryLimit <= 1 ? memoryLimit : 1;
  const hold = Object.values(deviceProfiles)
    .filter(({ memoryBytes }) => share * memoryBytes >= peakBytes)
    .sort((a, b) => a.memoryBytes - b.memoryBytes)
    .map(({ id, memoryBytes }) => `${id} (${bytes(memoryBytes)})`);
  return new UserError(
    `Cannot plan ${sizes.name} on ${cluster.devices} x ${cluster.id}: nothing fits into ` +
      `${bytes(limitBytes)}; the smallest plan${smallest.exact ? "" : " found"} takes ${
        bytes(peakBytes)
      }, ` +
      `${bytes(peakBytes - limitBytes)} too much (${formatPlan(smallest.plan)}); ` +
      (hold.length > 0 ? `devices that would hold it: ${hold.join(", ")}` : "no device holds it") +
      "; or take more devices",
  );
}

/** The error for plans that all break a rule. */
function noneHolds(planning: Planning, run: RunSearch): UserError {
  const { sizes, cluster, workload, fix, globalBatch } = planning;
  try {
    completePlan({ ...fix, globalBatch }, { devices: cluster.devices, sizes, workload });
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  const batch = nearestBatch(planning);
  return new UserError(
    `Cannot plan ${sizes.name} on ${cluster.devices} x ${cluster.id} with a batch of ` +
      `${globalBatch}: all plans break a rule, most of them ${rulesText(run)}` +
      (batch === undefined ? "; hold less with --fix" : `; nearest batch that holds: ${batch}`),
  );
}

/** The error to throw where searches have found nothing. */
export function nothingFits(planning: Planning, [run]: readonly RunSearch[]): UserError {
  const { counts, complete } = run;
  if (!complete) {
    return new UserError(
      `Cannot name a plan of ${planning.sizes.name}: found none that fits before the budget ran ` +
        `out, with ${counts.left} plans left; wanted a larger --budget`,
    );
  }
  return BigInt(counts.memory) + BigInt(counts.evaluated) > 0n
    ? tooBig(planning, run)
    : noneHolds(planning, run);
}
