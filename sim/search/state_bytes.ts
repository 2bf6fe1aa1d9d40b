/**
 * What stages hold all the time: states of parameters, gathered weights, workspaces.
 *
 * All but what stands beside the layers grows with their number, so that a few of them say what any cut
 * of the model holds under the same degrees and format of products.
 *
 * @module
 */
import { gatheredBytes } from "../memory/gathered.ts";
import { placeholderBytes } from "../memory/kind_memory.ts";
import type { KindCounts } from "../memory/kind_counts.ts";
import { stageParameters } from "../memory/stage_parameters.ts";
import { parameterBytes, shardRanks } from "../memory/states.ts";
import type { Plan } from "../plan/plan.ts";
import { shardsGradients } from "../plan/sharded_gradients.ts";
import { type LayersMemory, memoryKinds } from "./layer_memory.ts";
import type { Sharding } from "./leaf_options.ts";

/** Bytes that a stage with such layers holds, by sharding. */
export type StateBytes = (counts: KindCounts) => readonly number[];

/** Everything that a stage holds all the time. */
function heldBytes(counts: KindCounts, plan: Plan, memory: LayersMemory): number {
  const site = { ...memory.site, plan };
  const { habits } = site;
  const ranks = shardRanks(plan);
  const kinds = memory.plain;
  const bytes = {
    matrices: parameterBytes(plan, habits, { ranks: ranks.dense, matrix: true }),
    tables: parameterBytes(plan, habits, { ranks: ranks.dense, matrix: false }),
    experts: parameterBytes(plan, habits, { ranks: ranks.experts, matrix: true }),
  };
  const held = stageParameters([counts], kinds, site);
  let states = 0;
  for (const group of ["matrices", "tables", "experts"] as const) {
    const { weight, gradient, optimizer } = bytes[group];
    states += held[group] * (weight + gradient + optimizer);
  }
  const gathered = !shardsGradients(plan)
    ? 0
    : gatheredBytes({ ...{ site, kinds, ranks, bytes }, head: memory.head }, kinds, [counts]);
  return states + gathered + habits.workspaceBytes + placeholderBytes(site, counts);
}

/** The states of a plan's degrees and format of products. */
export function stateBytes(
  plan: Plan,
  of: { memory: LayersMemory; shardings: readonly Sharding[] },
): StateBytes {
  const { memory, shardings } = of;
  const plans = shardings.map((sharding) => ({ ...plan, ...sharding }));
  const some = { dense: 1, moe: 1, mtp: 1, embedding: false, head: false };
  // By kind and sharding.
  const perLayer = memoryKinds.map((kind) =>
    plans.map((own) =>
      heldBytes({ ...some, [kind]: 2 }, own, memory) - heldBytes(some, own, memory)
    )
  );
  // One layer of each kind that is there, by what is there.
  const known = new Map<number, readonly number[]>();
  return (counts) => {
    const { embedding, head } = counts;
    let key = (embedding ? 1 : 0) + (head ? 2 : 0);
    for (let k = 0; k < memoryKinds.length; k++) if (counts[memoryKinds[k]] > 0) key += 4 << k;
    let base = known.get(key);
    if (base === undefined) {
      const [dense, moe, mtp] = memoryKinds.map((kind) => Math.min(1, counts[kind]));
      const one = { dense, moe, mtp, embedding, head };
      known.set(key, base = plans.map((own) => heldBytes(one, own, memory)));
    }
    return base.map((bytes, sharding) =>
      memoryKinds.reduce(
        (sum, kind, k) => sum + Math.max(0, counts[kind] - 1) * perLayer[k][sharding],
        bytes,
      )
    );
  };
}
