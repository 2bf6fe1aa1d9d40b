/**
 * Buffers of sharding: weights gathered to be used, gradients before they are scattered.
 *
 * @module
 */
import type { Kinds, PlanMemory } from "./plan_memory.ts";
import { wideBytes } from "./site.ts";
import type { KindCounts } from "./kind_counts.ts";
import { gatheredWeightBytes } from "./states.ts";
import { shardsGradients } from "../plan/sharded_gradients.ts";

/** Parameters that are gathered together. */
interface Unit {
  parameters: number;
  /** Whether their products may be narrow. */
  matrix: boolean;
}

function unitsOf(
  { site: { plan, sizes } }: PlanMemory,
  kinds: Kinds,
  counts: readonly KindCounts[],
): { layers: Unit[]; tables: Unit[] } {
  const layers = (["dense", "moe", "mtp"] as const)
    .filter((kind) => counts.some((chunk) => chunk[kind] > 0))
    .map((kind) => ({
      parameters: kinds[kind].parameters + kinds[kind].expertParameters,
      matrix: true,
    }));
  const table = { parameters: (sizes.vocab * sizes.dModel) / plan.tp, matrix: false };
  return { layers, tables: counts.some((chunk) => chunk.embedding || chunk.head) ? [table] : [] };
}

/**
 * Bytes of the unit that takes most, a layer or a table: from ZeRO 2 on its gradients in 16 bits, with
 * ZeRO 3 also its weights, and those of the layer or table that comes next.
 */
export function gatheredBytes(
  memory: PlanMemory,
  kinds: Kinds,
  counts: readonly KindCounts[],
): number {
  const { plan, habits } = memory.site;
  if (!shardsGradients(plan)) return 0;
  const { layers, tables } = unitsOf(memory, kinds, counts);
  const weights = ({ parameters, matrix }: Unit, use: "now" | "next") =>
    plan.zero === 3 ? parameters * gatheredWeightBytes(plan, habits, { matrix, use }) : 0;
  const largest = (units: readonly Unit[]) =>
    Math.max(0, ...units.map((unit) => weights(unit, "next")));
  const during = (unit: Unit, next: number) =>
    unit.parameters * wideBytes + weights(unit, "now") + next;
  return Math.max(
    0,
    ...layers.map((unit) => during(unit, largest([...layers, ...tables]))),
    ...tables.map((unit) => during(unit, largest(layers))),
  );
}
