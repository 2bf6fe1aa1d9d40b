/**
 * Where a search is: a plain record, to be saved, sent between workers, and gone on from.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { addTally, countsTally, emptyTally, type SearchCounts, tallyCounts } from "./counts.ts";
import { type FoundPlan, type IncumbentRules, type Incumbents, keepAll } from "./incumbents.ts";
import { preparedSearch, type SearchSpace } from "./open_search.ts";
import type { PreparedSearch } from "./search_space.ts";
import type { SearchUnit } from "./search_units.ts";

/** One of several parts that a search is dealt into: every `of`-th unit from `index` on. */
export interface SearchPart {
  /** Which part, from 0. */
  index: number;
  /** How many parts. */
  of: number;
}

/** Where a part of a search is; see the module. */
export interface SearchState {
  /** Version of this format. */
  schema: 1;
  /** The part. */
  part: SearchPart;
  /** Units of the part that are done. */
  unitsDone: number;
  /** Units of the part. */
  units: number;
  /** The best plans so far. */
  best: FoundPlan[];
  /** The front so far, fastest first. */
  front: FoundPlan[];
  /** What became of the plans. */
  counts: SearchCounts;
  /** Whether all units are done. */
  complete: boolean;
}

/** The units of a part. */
export function unitsOfPart(
  { units }: PreparedSearch,
  { index, of }: SearchPart,
): readonly SearchUnit[] {
  return of === 1 ? units : units.filter((_, i) => i % of === index);
}

/** Plans of a unit. */
export function unitPlans(unit: SearchUnit, { cuts, perCut }: PreparedSearch): bigint {
  const { held } = cuts(unit.degrees.pp);
  return BigInt(held.length) * BigInt(unit.microBatches.length) * BigInt(perCut);
}

/**
 * The state before anything of a part is searched. What fell when the search was made ready is counted
 * by the first part.
 *
 * @throws {UserError} for a part that is none.
 */
export function beginSearch(
  of: SearchSpace,
  part: SearchPart = { index: 0, of: 1 },
): SearchState {
  const space = preparedSearch(of);
  const { index, of: parts } = part;
  if (!Number.isSafeInteger(parts) || !Number.isSafeInteger(index) || index < 0 || index >= parts) {
    throw new UserError(
      `Cannot search part ${index} of ${parts}: wanted a whole number from 0 to ${parts - 1}`,
    );
  }
  const tally = emptyTally();
  if (index === 0) addTally(tally, space.tally);
  const units = unitsOfPart(space, part);
  for (const unit of units) tally.left += unitPlans(unit, space);
  return {
    schema: 1,
    part,
    unitsDone: 0,
    units: units.length,
    ...{ best: [], front: [] },
    counts: tallyCounts(tally, space.enumerated),
    complete: units.length === 0,
  };
}

/**
 * Two parts together: the best of both, and their counts added up.
 *
 * @param rules What is kept.
 */
export function mergeStates(
  states: readonly SearchState[],
  rules: IncumbentRules,
): SearchState {
  const known: Incumbents = { best: [], front: [] };
  const tally = emptyTally();
  for (const state of states) {
    keepAll(known, state, rules);
    addTally(tally, countsTally(state.counts));
  }
  const sum = (of: (state: SearchState) => number) =>
    states.reduce((total, state) => total + of(state), 0);
  return {
    schema: 1,
    part: { index: 0, of: 1 },
    unitsDone: sum(({ unitsDone }) => unitsDone),
    units: sum(({ units }) => units),
    ...known,
    counts: tallyCounts(tally, BigInt(states[0].counts.enumerated)),
    complete: states.every(({ complete }) => complete),
  };
}
