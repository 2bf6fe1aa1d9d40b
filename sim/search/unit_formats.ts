/**
 * What is known of a unit with a format of products before its cuts are looked at one by one, and what
 * has come of them so far.
 *
 * @module
 */
import { microBatchesOf } from "../memory/in_flight.ts";
import type { Plan, Precision } from "../plan/plan.ts";
import { type Floor, floorsOf } from "./batch_variants.ts";
import type { Cut } from "./cuts.ts";
import type { LayersMemory } from "./layer_memory.ts";
import { shardingsOf } from "./leaf_options.ts";
import type { MemoryParts } from "./memory_bound.ts";
import { recall } from "./recall.ts";
import type { PreparedSearch } from "./search_space.ts";
import type { SearchUnit } from "./search_units.ts";
import { type StateBytes, stateBytes } from "./state_bytes.ts";
import { updateBounds } from "./update_bound.ts";
import { type ByWay, ways } from "./ways.ts";

/** What the shapes of a unit with a format share, worked out when it is asked for. */
export interface UnitFormat {
  /** Its name. */
  precision: Precision;
  /** Its dispatchers. */
  floors: readonly Floor[];
  /** Seconds of a step at least with any of them, by way. */
  least: ByWay;
  /** What is known of the memory of a cut before a dispatcher is chosen. */
  parts: (cut: Cut, batch: Plan) => MemoryParts;
  /** Seconds of the optimiser's step, by sharding. */
  updates: (cut: Cut, batch: Plan) => readonly number[];
  /** Cuts without hope whatever the dispatcher, with the number of micro-batches at which they fell. */
  fallen: Map<Cut, number>;
  /** The last number of micro-batches at which all of its cuts had fallen; 0 where none is known. */
  allFallen: number;
}

/** What the shapes of a unit share, by format of products. */
export function unitFormats(unit: SearchUnit, space: PreparedSearch): UnitFormat[] {
  const { base, lists, site, tables } = space;
  const own: Plan = { ...base, ...unit.degrees };
  const shardings = shardingsOf(own, space);
  const floors = floorsOf(unit, space);
  return lists.precision.map((precision, p) => {
    const plan = { ...own, precision };
    let memory: LayersMemory | undefined;
    // Parts of the model may be there twice, and a single micro-batch has its gradients sharded.
    const states = new Map<string, StateBytes>();
    const always = [new Map<Cut, MemoryParts["always"]>(), new Map<Cut, MemoryParts["always"]>()];
    const parts = (cut: Cut, { microBatch }: Plan): MemoryParts => {
      memory ??= tables.memory(plan);
      const microBatches = plan.globalBatch / (plan.dp * microBatch);
      const stages = cut.memory(microBatches);
      const alike = always[microBatches === 1 ? 1 : 0];
      const of = { memory, shardings };
      const known = recall(alike, cut, () => {
        const twice = `${cut.fields.schedule === "dualpipe"} ${microBatches === 1}`;
        const own = { ...plan, ...cut.fields, microBatch };
        return stages.held.map(recall(states, twice, () => stateBytes(own, of)));
      });
      return { memory, microBatch, stages, always: known };
    };
    const updatesBy = [new Map<Cut, number[]>(), new Map<Cut, number[]>()];
    const machine = site.machine(precision);
    const updates = (cut: Cut, batch: Plan): number[] => {
      const microBatches = microBatchesOf(batch);
      const alike = updatesBy[microBatches === 1 ? 1 : 0];
      return recall(alike, cut, () => {
        const { held } = cut.memory(microBatches);
        const own = { ...batch, ...cut.fields };
        return updateBounds(held, { plan: own, sizes: site.sizes, machine, shardings });
      });
    };
    const least = ways.map((_, way) => Math.min(...floors[p].map(({ seconds }) => seconds[way])));
    return { precision, floors: floors[p], least, parts, updates, fallen: new Map(), allFallen: 0 };
  });
}
