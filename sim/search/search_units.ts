/**
 * The units that a search goes through: degrees that hold and may fit, in the order in which they are
 * looked at.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import { plansBelow } from "./choices.ts";
import { countRule, type Tally } from "./counts.ts";
import { type CrudeBytes, crudeOfBatch, type CrudeTable } from "./crude_bound.ts";
import type { Cuts } from "./cuts.ts";
import type { DegreeFloors } from "./degree_floor.ts";
import { degreeFields, type SearchDegrees, visitDegrees } from "./degrees.ts";
import type { SearchSite } from "./problem.ts";
import { recall } from "./recall.ts";
import { brokenRule, rulesAt } from "./rules_by_field.ts";
import { boundSlack } from "./time_bound.ts";
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

/** What units follow from. */
export interface UnitSpace {
  /** The problem. */
  site: SearchSite;
  /** Values by field. */
  lists: ChoiceLists;
  /** What is held of every plan. */
  base: Plan;
  /** Plans of one cut of a unit's micro-batch. */
  perCut: number;
  /** Cuts by number of stages. */
  cuts: (pp: number) => Cuts;
  /** What layers take at least under degrees. */
  floors: DegreeFloors;
  /** What devices hold at least under degrees. */
  crude: CrudeTable;
  /** What fell before any unit was looked at. */
  tally: Tally;
}

/** Fields that a unit has. */
export const unitFields: readonly (keyof ChoiceLists)[] = [
  ...["tp", "cp", "pp", "etp", "ep", "sequenceParallel", "contextExchange"] as const,
];

/** The micro-batches that replicas can share out, by their number, remembered. */
function wholeBatches(
  { site, lists, base }: Pick<UnitSpace, "site" | "lists" | "base">,
): (dp: number) => readonly number[] {
  const rules = rulesAt(["microBatch"], degreeFields);
  const known = new Map<number, readonly number[]>();
  const holds = (dp: number, microBatch: number) =>
    brokenRule(rules, { ...base, dp, microBatch }, site) === undefined;
  return (dp) =>
    recall(known, dp, () => lists.microBatch.filter((microBatch) => holds(dp, microBatch)));
}

/** Micro-batches of degrees that hold and may fit; the others are counted. */
function batchesOf(
  degrees: SearchDegrees,
  space: UnitSpace,
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
      if (crudeOfBatch(crude, batch, { way, sharded: false }) <= limit) return true;
      if (crudeOfBatch(crude, batch, { way, sharded: true }) <= limit) return true;
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
  { cuts, site }: Pick<UnitSpace, "cuts" | "site">,
): number[] {
  const microBatches = site.problem.globalBatch / (dp * of.microBatch);
  const batch = { microBatch: of.microBatch, microBatches, held: cuts(pp).least(microBatches) };
  return ways.map((_, way) => crudeOfBatch(crude, batch, { way, sharded: of.sharded }));
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
export function unitsOf(space: UnitSpace): SearchUnit[] {
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
