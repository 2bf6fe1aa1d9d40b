/**
 * The middle levels of a unit: micro-batches, formats and dispatchers, cuts.
 *
 * @module
 */
import { microBatchesOf } from "../memory/in_flight.ts";
import type { Plan } from "../plan/plan.ts";
import { type Floor, variantOf } from "./batch_variants.ts";
import { countRule } from "./counts.ts";
import type { Cut } from "./cuts.ts";
import type { LeafOptions } from "./leaf_options.ts";
import { leastBytes, type MemoryParts } from "./memory_bound.ts";
import type { SearchUnit } from "./search_units.ts";
import { type UnitFormat, unitFormats } from "./unit_formats.ts";
import { unitHope } from "./unit_hope.ts";
import type { UnitSite } from "./unit_site.ts";
import { type BoundSite, lowerSeconds } from "./time_bound.ts";
import { type ByWay, hasHope, type LeastByWay, ways } from "./ways.ts";

/** A cut with formats and a dispatcher, and what its bounds are worked out from. */
export interface Shape extends MemoryParts {
  /** What is chosen. */
  plan: Plan;
  /** The cut. */
  cut: Cut;
  /** Its time, whatever is computed again. */
  bound: BoundSite;
  /** What is left to choose. */
  options: LeafOptions;
  /** What its plans take at least, whatever the dispatcher. */
  least: LeastByWay;
  /** Of its seconds, the optimiser's step, by sharding. */
  updates: readonly number[];
}

/** What the shapes of a unit share. */
interface ShapeSite extends UnitSite {
  unit: SearchUnit;
  formats: readonly UnitFormat[];
}

/** A cut that may have plans worth keeping with a format, whatever the dispatcher. */
interface HopefulCut {
  cut: Cut;
  parts: MemoryParts;
  bytes: ByWay;
}

/** The shapes of a micro-batch with a format that may have plans worth keeping. */
function formatShapes(
  batch: Plan,
  cuts: readonly Cut[],
  of: ShapeSite & { format: UnitFormat; floors: readonly Floor[] },
): Omit<Shape, "options">[] {
  const { space, known, rules, format, floors } = of;
  const { least, parts: partsOf, fallen } = format;
  const { site, lists } = space;
  const { limitBytes } = site;
  const microBatches = microBatchesOf(batch);
  const hasHopeAt = (bytes: ByWay, seconds: ByWay) =>
    hasHope(known, { bytes, seconds }, { rules, limitBytes });
  // A single micro-batch may hold fewer gradients than several.
  const several = microBatches > 1;
  const { allGrowFrom } = space.cuts(batch.pp);
  if (several && format.allFallen > 0 && allGrowFrom(format.allFallen, microBatches)) return [];
  const hopeful: HopefulCut[] = [];
  for (const cut of cuts) {
    const before = fallen.get(cut);
    if (several && before !== undefined && cut.growsFrom(before, microBatches)) continue;
    const parts = partsOf(cut, batch);
    // Behind all dispatchers stands the one that works with least.
    const bytes = leastBytes(parts, { site, pp: batch.pp, dispatcher: lists.dispatcher.length });
    if (hasHopeAt(bytes, least)) hopeful.push({ cut, parts, bytes });
    else fallen.set(cut, microBatches);
  }
  if (hopeful.length === 0) format.allFallen = microBatches;
  const pipeline = lists.pipeline.includes(true);
  const shapes: Omit<Shape, "options">[] = [];
  for (const floor of floors) {
    if (!hopeful.some(({ bytes }) => hasHopeAt(bytes, floor.seconds))) continue;
    const { plan, bound: own, seconds: least } = variantOf(batch, floor, space);
    for (const { cut, parts, bytes } of hopeful) {
      if (!hasHopeAt(bytes, least)) continue;
      const bound = { ...own, pipeline: cut.pipeline };
      const seconds = ways.map(() => Infinity);
      for (const modes of cut.modes) lowerSeconds(seconds, bound, { modes, pipeline });
      const updates = format.updates(cut, batch);
      const update = updates.length > 0 ? Math.min(...updates) : 0;
      for (let way = 0; way < ways.length; way++) {
        seconds[way] = Math.max(seconds[way], least[way]) + update;
      }
      if (!hasHopeAt(bytes, seconds)) continue;
      shapes.push({
        ...{
          ...parts,
          cut,
          bound,
          updates,
          least: { bytes, seconds },
        },
        plan: { ...plan, ...cut.fields },
      });
    }
  }
  return shapes;
}

/** Adds the shapes of a micro-batch that may have plans worth keeping, and counts the others. */
function addShapes(shapes: Shape[], batch: Plan, of: ShapeSite & { bytes: ByWay }): void {
  const { space, known, rules, tally, bytes } = of;
  const { site, lists, leaves } = space;
  const { limitBytes } = site;
  const perCut = BigInt(space.perCut);
  const hopes = (seconds: ByWay) => hasHope(known, { bytes, seconds }, { rules, limitBytes });
  const { held: cuts, broken } = space.cuts(batch.pp).withBatches(microBatchesOf(batch));
  for (const [rule, count] of broken) countRule(tally, rule, perCut * BigInt(count));
  const hopeful = of.formats.flatMap((format) => {
    const floors = format.floors.filter(({ seconds }) => hopes(seconds));
    if (floors.length === 0) return [];
    return formatShapes({ ...batch, precision: format.precision }, cuts, { ...of, format, floors });
  });
  const byCut = Map.groupBy(hopeful, ({ cut }) => cut);
  tally.time += perCut * BigInt(cuts.length - byCut.size);
  for (const [cut, own] of byCut) {
    const options = leaves({ ...batch, ...cut.fields }, tally);
    const others = lists.precision.length * lists.dispatcher.length - own.length;
    const plans = options.plans * options.experts.length * lists.recompute.length;
    tally.time += BigInt(others) * BigInt(plans);
    for (const shape of own) shapes.push({ ...shape, options });
  }
}

/** The shapes of a unit that may have plans worth keeping, the fastest first. */
export function unitShapes(unit: SearchUnit, of: UnitSite): Shape[] {
  const { space, tally } = of;
  const { base, lists, formats } = space;
  const overlap = { ...base.overlap, tensor: lists.tensor[0] };
  const own: ShapeSite = { ...of, unit, formats: unitFormats(unit, space) };
  const shapes: Shape[] = [];
  const perBatch = BigInt(space.perCut) * BigInt(space.cuts(unit.degrees.pp).held.length);
  const hope = unitHope(unit, of);
  let hopeless = 0;
  for (const microBatch of unit.microBatches) {
    const bytes = hope(microBatch);
    if (bytes === undefined) {
      hopeless++;
      continue;
    }
    const batch: Plan = { ...base, ...unit.degrees, microBatch, overlap, formats };
    addShapes(shapes, batch, { ...own, bytes });
  }
  tally.time += perBatch * BigInt(hopeless);
  const smallFirst = of.rules.objective === "memory";
  const promise = ({ least }: Shape) => Math.min(...smallFirst ? least.bytes : least.seconds);
  return shapes.sort((a, b) => promise(a) - promise(b));
}
