/**
 * Formats of products and dispatchers of a unit's micro-batch that may be worth a cut.
 *
 * @module
 */
import { microBatchesOf } from "../memory/in_flight.ts";
import { sendSeconds } from "../network/closed/send.ts";
import { planGroup } from "../plan/plan_groups.ts";
import type { Plan } from "../plan/plan.ts";
import type { PreparedSearch } from "./search_space.ts";
import { type SearchUnit, unitSeconds } from "./search_units.ts";
import { type BoundSite, modelSeconds } from "./time_bound.ts";
import { type ByWay, ways } from "./ways.ts";

/** A format and a dispatcher for a micro-batch. */
export interface Variant {
  /** What is chosen. */
  plan: Plan;
  /** What its bound is worked out from. */
  bound: Omit<BoundSite, "pipeline">;
  /** Seconds of a step at least, by way. */
  seconds: ByWay;
}

/** A dispatcher before its layers are priced. */
export interface Floor {
  /** Its name. */
  dispatcher: Plan["dispatcher"];
  /** Seconds of a step at least, by way. */
  seconds: ByWay;
}

function boundOf(plan: Plan, { site, tables }: PreparedSearch): Omit<BoundSite, "pipeline"> {
  const { sizes, workload } = site;
  const { fabric, stack } = site.machine(plan.precision);
  const { stride } = planGroup("pipeline", plan);
  const together = stride * Math.min(plan.pp, 2) <= fabric.tiers[0].span;
  const tokens = plan.microBatch * workload.sequence / plan.cp /
    (plan.sequenceParallel ? plan.tp : 1);
  return {
    work: tables.work(plan, "any"),
    microBatches: microBatchesOf(plan),
    sendSeconds: plan.pp > 1 ? sendSeconds(tokens * sizes.dModel * 2, together, fabric) : 0,
    fixedSeconds: stack.fixedSeconds,
  };
}

/** The dispatchers with each format, as far as degrees say what they take. */
export function floorsOf(
  unit: SearchUnit,
  { site, lists, floors }: PreparedSearch,
): Floor[][] {
  const seconds = floors.variantSeconds(unit.degrees);
  return lists.precision.map((_, p) =>
    lists.dispatcher.map((dispatcher, d) => {
      const sequence = seconds[p * lists.dispatcher.length + d];
      return { dispatcher, seconds: unitSeconds(unit.degrees, sequence, site) };
    })
  );
}

/** Prices the layers of a micro-batch with a dispatcher. */
export function variantOf(
  batch: Plan,
  { dispatcher, seconds: floor }: Floor,
  space: PreparedSearch,
): Variant {
  const plan = { ...batch, dispatcher };
  const bound = boundOf(plan, space);
  const model = modelSeconds(plan, bound, space.layers);
  return { plan, bound, seconds: ways.map((_, way) => Math.max(model[way], floor[way])) };
}
