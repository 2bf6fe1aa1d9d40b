/**
 * The middle levels of a unit: micro-batches, formats and dispatchers, cuts.
 *
 * @module
 */
import { microBatchesOf } from "../memory/in_flight.ts";
import { sendSeconds } from "../network/closed/send.ts";
import { planGroup } from "../plan/plan_groups.ts";
import type { Plan } from "../plan/plan.ts";
import { countRule } from "./counts.ts";
import type { Cut } from "./cuts.ts";
import { degreeFields } from "./degrees.ts";
import { isHopeless } from "./incumbents.ts";
import { type LeafOptions, leafOptions } from "./leaf_options.ts";
import { brokenRule, rulesAt } from "./rules_by_field.ts";
import type { PreparedSearch, SearchUnit } from "./search_space.ts";
import type { UnitSite } from "./search_unit.ts";
import { type BoundSite, leastTimes, modelSeconds } from "./time_bound.ts";

/** A cut with formats and a dispatcher, and its bound. */
export interface Shape {
  /** What is chosen. */
  plan: Plan;
  /** The cut. */
  cut: Cut;
  /** What its bound is worked out from, whatever is computed again. */
  bound: BoundSite;
  /** What is left to choose. */
  options: LeafOptions;
  /** Least seconds of a step. */
  leastSeconds: number;
}

/** Formats and a dispatcher for a micro-batch. */
interface Variant {
  plan: Plan;
  bound: Omit<BoundSite, "pipeline">;
}

const cutRules = rulesAt(["schedule", "vpp"], [...degreeFields, "microBatch", "pp"])
  .filter(({ name }) => name === "micro-batches");

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

/** Formats and dispatchers of a micro-batch that may be worth a cut. */
function variantsOf(plan: Plan, of: UnitSite & { crudeBytes: number }): Variant[] {
  const { space, known, rules, crudeBytes } = of;
  const { lists } = space;
  const variants: Variant[] = [];
  for (const precision of lists.precision) {
    for (const dispatcher of lists.dispatcher) {
      const own = { ...plan, precision, dispatcher };
      const bound = boundOf(own, space);
      const stepSeconds = modelSeconds(own, bound, space.layers);
      if (!isHopeless(known, { stepSeconds, peakBytes: crudeBytes }, rules)) {
        variants.push({ plan: own, bound });
      }
    }
  }
  return variants;
}

/** Adds the shapes of a cut that may be worth more than a look, and counts the others. */
function addShapes(
  shapes: Shape[],
  cut: Cut,
  of: UnitSite & { crudeBytes: number; variants: readonly Variant[]; unit: Plan },
): void {
  const { space, known, rules, tally, crudeBytes, variants, unit } = of;
  const { site, lists, perCut } = space;
  const pipeline = lists.pipeline.includes(true);
  const hopeful: Omit<Shape, "options">[] = [];
  for (const { plan, bound: own } of variants) {
    const bound = { ...own, pipeline: cut.pipeline };
    let leastSeconds = Infinity;
    for (const modes of cut.modes) {
      leastSeconds = Math.min(leastSeconds, leastTimes(bound, { modes, pipeline })[0]);
    }
    const point = { stepSeconds: leastSeconds, peakBytes: crudeBytes };
    if (isHopeless(known, point, rules)) continue;
    hopeful.push({ plan: { ...plan, ...cut.fields }, cut, bound, leastSeconds });
  }
  if (hopeful.length === 0) {
    tally.time += BigInt(perCut);
    return;
  }
  const options = leafOptions({ ...unit, ...cut.fields }, { site, lists, perCut, tally });
  const others = lists.precision.length * lists.dispatcher.length - hopeful.length;
  const plans = options.plans * options.experts.length * lists.recompute.length;
  tally.time += BigInt(others) * BigInt(plans);
  for (const shape of hopeful) shapes.push({ ...shape, options });
}

/** The shapes of a unit that may have plans worth keeping, the fastest first. */
export function unitShapes(unit: SearchUnit, of: UnitSite): Shape[] {
  const { space, tally } = of;
  const { site, base, lists } = space;
  const { held } = space.cuts(unit.degrees.pp);
  const perCut = BigInt(space.perCut);
  const shapes: Shape[] = [];
  for (const microBatch of unit.microBatches) {
    const crudeBytes = unit.crude.always + microBatch * unit.crude.perSequence;
    const plan: Plan = {
      ...{ ...base, ...unit.degrees, microBatch },
      overlap: { ...base.overlap, tensor: lists.tensor[0] },
      formats: space.formats,
    };
    const variants = variantsOf(plan, { ...of, crudeBytes });
    if (variants.length === 0) {
      tally.time += perCut * BigInt(held.length);
      continue;
    }
    for (const cut of held) {
      const broken = brokenRule(cutRules, { ...plan, ...cut.fields }, site);
      if (broken !== undefined) countRule(tally, broken, perCut);
      else addShapes(shapes, cut, { ...of, crudeBytes, variants, unit: plan });
    }
  }
  return shapes.sort((a, b) => a.leastSeconds - b.leastSeconds);
}
