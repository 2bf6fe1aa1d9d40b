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
import { crudeOfBatch } from "./crude_bound.ts";
import type { Cut } from "./cuts.ts";
import { degreeFields } from "./degrees.ts";
import type { LeafOptions } from "./leaf_options.ts";
import { brokenRule, rulesAt } from "./rules_by_field.ts";
import type { PreparedSearch, SearchUnit } from "./search_space.ts";
import type { UnitSite } from "./search_unit.ts";
import { type BoundSite, lowerSeconds, modelSeconds } from "./time_bound.ts";
import { type ByWay, hasHope, type LeastByWay, ways } from "./ways.ts";

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
  /** What its plans take at least, as far as that is known before its memory is. */
  least: LeastByWay;
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
function variantsOf(
  plan: Plan,
  space: PreparedSearch,
  hopeful: (seconds: ByWay) => boolean,
): Variant[] {
  const { lists } = space;
  const variants: Variant[] = [];
  for (const precision of lists.precision) {
    for (const dispatcher of lists.dispatcher) {
      const own = { ...plan, precision, dispatcher };
      const bound = boundOf(own, space);
      if (hopeful(modelSeconds(own, bound, space.layers))) variants.push({ plan: own, bound });
    }
  }
  return variants;
}

/** What the shapes of a unit's micro-batch share. */
interface BatchSite extends UnitSite {
  /** What is chosen. */
  batch: Plan;
  /** Formats and dispatchers. */
  variants: readonly Variant[];
  /** The unit. */
  unit: SearchUnit;
}

/** Adds the shapes of a cut that may be worth more than a look, and counts the others. */
function addShapes(shapes: Shape[], cut: Cut, of: BatchSite): void {
  const { space, known, rules, tally, batch, variants, unit } = of;
  const { site: { limitBytes }, lists, perCut, leaves } = space;
  const plan = { ...batch, ...cut.fields };
  const { waiting, busy } = cut.memory(plan);
  const bytes = crudeOfBatch(unit.crude, { microBatch: batch.microBatch, waiting, busy });
  const hopes = (seconds: ByWay) => hasHope(known, { bytes, seconds }, { rules, limitBytes });
  const pipeline = lists.pipeline.includes(true);
  const hopeful: Omit<Shape, "options">[] = [];
  for (const { plan: variant, bound: own } of hopes(unit.leastSeconds) ? variants : []) {
    const bound = { ...own, pipeline: cut.pipeline };
    const seconds = ways.map(() => Infinity);
    for (const modes of cut.modes) lowerSeconds(seconds, bound, { modes, pipeline });
    for (let way = 0; way < ways.length; way++) {
      seconds[way] = Math.max(seconds[way], unit.leastSeconds[way]);
    }
    if (!hopes(seconds)) continue;
    hopeful.push({
      ...{ cut, bound, least: { bytes, seconds }, leastSeconds: Math.min(...seconds) },
      plan: { ...variant, ...cut.fields },
    });
  }
  if (hopeful.length === 0) {
    const tooBig = bytes.every((bytes) => !(bytes <= limitBytes));
    tally[tooBig ? "memory" : "time"] += BigInt(perCut);
    return;
  }
  const options = leaves(plan, tally);
  const others = lists.precision.length * lists.dispatcher.length - hopeful.length;
  const plans = options.plans * options.experts.length * lists.recompute.length;
  tally.time += BigInt(others) * BigInt(plans);
  for (const shape of hopeful) shapes.push({ ...shape, options });
}

/** The shapes of a unit that may have plans worth keeping, the fastest first. */
export function unitShapes(unit: SearchUnit, of: UnitSite): Shape[] {
  const { space, known, rules, tally } = of;
  const { site, base, lists } = space;
  const { limitBytes } = site;
  const { held } = space.cuts(unit.degrees.pp);
  const perCut = BigInt(space.perCut);
  const shapes: Shape[] = [];
  unit.microBatches.forEach((microBatch, at) => {
    const bytes = unit.leastBytes[at];
    const hopes = (seconds: ByWay) => hasHope(known, { bytes, seconds }, { rules, limitBytes });
    const batch: Plan = {
      ...{ ...base, ...unit.degrees, microBatch },
      overlap: { ...base.overlap, tensor: lists.tensor[0] },
      formats: space.formats,
    };
    const variants = hopes(unit.leastSeconds) ? variantsOf(batch, space, hopes) : [];
    if (variants.length === 0) {
      tally.time += perCut * BigInt(held.length);
      return;
    }
    for (const cut of held) {
      const broken = brokenRule(cutRules, { ...batch, ...cut.fields }, site);
      if (broken !== undefined) countRule(tally, broken, perCut);
      else addShapes(shapes, cut, { ...of, batch, variants, unit });
    }
  });
  return shapes.sort((a, b) => a.leastSeconds - b.leastSeconds);
}
