/**
 * What the optimiser's step takes at least under a cut: no stage begins the next step before all have
 * ended it.
 *
 * @module
 */
import type { Machine } from "../cost/machine.ts";
import { rankParameters } from "../cost/parameters.ts";
import type { Sizes } from "../cost/sizes.ts";
import { updateSeconds } from "../cost/update_cost.ts";
import type { KindCounts } from "../memory/kind_counts.ts";
import type { Plan } from "../plan/plan.ts";
import type { Sharding } from "./leaf_options.ts";
import { boundSlack } from "./time_bound.ts";

/** Seconds of the update of the stage that takes longest, by sharding. */
export function updateBounds(
  held: readonly KindCounts[],
  of: { plan: Plan; sizes: Sizes; machine: Machine; shardings: readonly Sharding[] },
): number[] {
  const { plan, sizes, machine, shardings } = of;
  const stages = held.map((counts) => {
    const all = { dense: 0, experts: 0 };
    for (const kind of ["dense", "moe", "mtp", "embedding", "head"] as const) {
      const count = Number(counts[kind]);
      if (count === 0) continue;
      const { dense, experts } = rankParameters(kind, sizes, plan);
      all.dense += count * dense;
      all.experts += count * experts;
    }
    return all;
  });
  return shardings.map((sharding) =>
    boundSlack *
    Math.max(...stages.map((own) => updateSeconds(own, { ...plan, ...sharding }, machine)))
  );
}
