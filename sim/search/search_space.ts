/**
 * A search made ready: degrees that hold and may fit, in the order in which they are looked at.
 *
 * The order follows from the problem alone, so that workers who share a search agree on it.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import { choicesOf, rowFormats, spaceOf } from "./choices.ts";
import { countRule, emptyTally, type Tally } from "./counts.ts";
import { type CrudeBytes, crudeOfBatch, type CrudeTable, crudeTable } from "./crude_bound.ts";
import { type Cuts, cutsOf } from "./cuts.ts";
import { type DegreeFloors, degreeFloors } from "./degree_floor.ts";
import { degreeFields, type SearchDegrees, visitDegrees } from "./degrees.ts";
import { brokenRule, rulesAt } from "./rules_by_field.ts";
import { boundSlack } from "./time_bound.ts";
import { type LayerTables, layerTables } from "./layer_tables.ts";
import { type LeafTable, leafTable } from "./leaf_options.ts";
import { modelLayers } from "./model_layers.ts";
import { type SearchProblem, type SearchSite, searchSite } from "./problem.ts";
import { type ByWay, ways } from "./ways.ts";

/** Degrees with sequences of a micro-batch that hold and may fit. */
export interface SearchUnit {
  /** Degrees. */
  degrees: SearchDegrees;
  /** Sequences of a micro-batch that hold and may fit. */
  microBatches: readonly number[];
  /** Least seconds of a step, by way. */
  leastSeconds: ByWay;
  /** What least bytes of a device follow from; see `unit_hope.ts`. */
  crude: CrudeBytes;
}

/** What takes longest to make ready: plain data, for others who search the same problem. */
export interface PreparedUnits {
  /** Units, the most promising first. */
  units: readonly SearchUnit[];
  /** What fell before any unit was looked at. */
  tally: Tally;
}

/** A search made ready; see the module. */
export interface PreparedSearch extends PreparedUnits {
  /** The problem. */
  site: SearchSite;
  /** Values by field. */
  lists: ChoiceLists;
  /** Plans of the space. */
  enumerated: bigint;
  /** Plans of one cut of a unit's micro-batch. */
  perCut: number;
  /** Cuts by number of stages. */
  cuts: (pp: number) => Cuts;
  /** What is held of every plan. */
  base: Plan;
  /** Formats of a plan with the narrowest of rows; see `row_formats.ts` for those that are tried. */
  formats: Plan["formats"];
  /** Layers of the model by kind. */
  layers: readonly number[];
  /** Prices of layers. */
  tables: LayerTables;
  /** What layers take at least under degrees. */
  floors: DegreeFloors;
  /** What devices hold at least under degrees. */
  crude: CrudeTable;
  /** What is left to choose behind a cut. */
  leaves: LeafTable;
}

/** A plan to start from: what is held, and what the lists will say. */
function basePlan(site: SearchSite, lists: ChoiceLists): Plan {
  const { fix = {}, globalBatch } = site.problem;
  return {
    ...{ tp: 1, cp: 1, dp: site.devices, pp: 1, vpp: 1, ep: 1, etp: 1 },
    sequenceParallel: false,
    contextExchange: lists.contextExchange[0],
    zero: lists.zero[0],
    schedule: lists.schedule[0],
    ...(fix.stageLayers && { stageLayers: fix.stageLayers }),
    ...{ microBatch: 1, globalBatch, recompute: lists.recompute[0] },
    offload: { optimizer: 0, activationLayers: 0, ...fix.offload },
    precision: lists.precision[0],
    formats: { ...fix.formats },
    dispatcher: lists.dispatcher[0],
    overlap: {
      ...{ gradients: lists.gradients[0], parameters: lists.parameters[0] },
      ...{ tensor: lists.tensor[0], pipeline: lists.pipeline[0], experts: lists.experts[0] },
    },
    ...(fix.capacityFactor !== undefined && { capacityFactor: fix.capacityFactor }),
  };
}

/** Plans below one of the values of some fields. */
export function plansBelow(lists: ChoiceLists, chosen: readonly (keyof ChoiceLists)[]): number {
  return Object.entries(lists).reduce(
    (product, [field, list]) =>
      chosen.includes(field as keyof ChoiceLists) ? product : product * list.length,
    1,
  );
}

/** Fields that a unit has. */
export const unitFields: readonly (keyof ChoiceLists)[] = [
  ...["tp", "cp", "pp", "etp", "ep", "sequenceParallel", "contextExchange"] as const,
];

/** The micro-batches that replicas can share out, by their number, remembered. */
function wholeBatches(
  { site, lists, base }: Pick<PreparedSearch, "site" | "lists" | "base">,
): (dp: number) => readonly number[] {
  const rules = rulesAt(["microBatch"], degreeFields);
  const known = new Map<number, readonly number[]>();
  return (dp) => {
    let batches = known.get(dp);
    if (batches === undefined) {
      batches = lists.microBatch.filter((microBatch) =>
        brokenRule(rules, { ...base, dp, microBatch }, site) === undefined
      );
      known.set(dp, batches);
    }
    return batches;
  };
}

/** Micro-batches of degrees that hold and may fit; the others are counted. */
function batchesOf(
  degrees: SearchDegrees,
  space: Omit<PreparedSearch, "units">,
  of: { cuts: Cuts; batches: (dp: number) => readonly number[] },
): Pick<SearchUnit, "microBatches" | "crude"> {
  const { site, lists, tally, floors } = space;
  const { cuts, batches } = of;
  const { problem: { globalBatch }, limitBytes: limit } = site;
  const layer = floors.layerBytes(degrees);
  const crude = space.crude(degrees, layer);
  const whole = batches(degrees.dp);
  const microBatches = whole.filter((microBatch) => {
    const microBatches = globalBatch / (degrees.dp * microBatch);
    const batch = { microBatch, microBatches, held: cuts.least(microBatches) };
    for (let way = 0; way < ways.length; way++) {
      if (crudeOfBatch(crude, way, batch, false) <= limit) return true;
      if (crudeOfBatch(crude, way, batch, true) <= limit) return true;
    }
    return false;
  });
  const indivisible = lists.microBatch.length - whole.length;
  const tooBig = whole.length - microBatches.length;
  const each = BigInt(cuts.held.length) * BigInt(space.perCut);
  if (indivisible > 0) countRule(tally, "batch", BigInt(indivisible) * each);
  tally.memory += BigInt(tooBig) * each;
  return { microBatches, crude };
}

/** Least bytes of a device with micro-batches of so many sequences, by way, parameters sharded or not. */
export function unitBytes(
  { degrees: { dp, pp }, crude }: SearchUnit,
  of: { microBatch: number; sharded: boolean },
  { cuts, site }: Pick<PreparedSearch, "cuts" | "site">,
): number[] {
  const microBatches = site.problem.globalBatch / (dp * of.microBatch);
  const batch = { microBatch: of.microBatch, microBatches, held: cuts(pp).least(microBatches) };
  return ways.map((_, way) => crudeOfBatch(crude, way, batch, of.sharded));
}

/** Least seconds of a step by way, where a sequence takes so long. */
export function unitSeconds(
  { dp, pp }: SearchDegrees,
  sequenceSeconds: ByWay,
  { problem, stack }: SearchSite,
): number[] {
  const sequences = problem.globalBatch / dp;
  return sequenceSeconds.map((seconds) =>
    (sequences * seconds / pp + stack.fixedSeconds) * boundSlack
  );
}

/** The units of a problem, and counts of what fell before any of them. */
function unitsOf(space: Omit<PreparedSearch, "units">): SearchUnit[] {
  const { site, lists, tally } = space;
  const units: SearchUnit[] = [];
  const batches = wholeBatches(space);
  const cutPlans = BigInt(space.perCut) * BigInt(lists.microBatch.length);
  const visit = (degrees: SearchDegrees) => {
    const cuts = space.cuts(degrees.pp);
    const { held, broken } = cuts;
    for (const [rule, count] of broken) countRule(tally, rule, BigInt(count) * cutPlans);
    if (held.length === 0) return;
    const fitting = batchesOf(degrees, space, { cuts, batches });
    if (fitting.microBatches.length === 0) return;
    const leastSeconds = unitSeconds(degrees, space.floors.sequenceSeconds(degrees), site);
    units.push({ degrees, ...fitting, leastSeconds });
  };
  const below = BigInt(plansBelow(lists, unitFields));
  visitDegrees(site, lists, { below, tally, visit });
  const smallFirst = site.problem.objective === "memory";
  const promise = (unit: SearchUnit) =>
    Math.min(
      ...smallFirst
        ? unit.microBatches.flatMap((microBatch) =>
          [true, false].flatMap((sharded) => unitBytes(unit, { microBatch, sharded }, space))
        )
        : unit.leastSeconds,
    );
  const promises = new Map(units.map((unit) => [unit, promise(unit)]));
  return units.sort((a, b) => promises.get(a)! - promises.get(b)!);
}

/**
 * Makes a search ready.
 *
 * @param known What was made ready elsewhere.
 * @throws {UserError} for a problem that cannot be.
 */
export function prepareSearch(problem: SearchProblem, known?: PreparedUnits): PreparedSearch {
  const site = searchSite(problem);
  const lists = choicesOf(site);
  const base = basePlan(site, lists);
  const perCut = plansBelow(lists, [...unitFields, "microBatch", "schedule", "vpp"]);
  const space = {
    ...{ site, lists, base, perCut, enumerated: spaceOf(lists), tally: emptyTally() },
    floors: degreeFloors(site, lists, base),
    leaves: leafTable({ site, lists, perCut }),
    cuts: cutsOf(site, lists, base),
    tables: layerTables(site, lists, base),
    crude: crudeTable({ site, lists, plan: base, layers: modelLayers(site) }),
    layers: modelLayers(site),
    formats: rowFormats(base, lists),
  };
  return { ...space, ...(known ?? { units: unitsOf(space) }) };
}
