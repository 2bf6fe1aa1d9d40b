/**
 * The best plans of one point, searched so that whoever waits can stop: here in slices, or by workers.
 *
 * @module
 */
import type { FoundPlan } from "../../sim/search/incumbents.ts";
import { openSearch } from "../../sim/search/open_search.ts";
import type { SearchProblem } from "../../sim/search/problem.ts";
import { runSearch } from "../../sim/search/run_search.ts";
import { beginSearch, type SearchState } from "../../sim/search/search_state.ts";
import { searchInWorkers } from "../planner/search/search_in_workers.ts";

/** What a search gave; plain, so that it can be kept in a file. */
export interface BestPlans {
  /** The best plans that fit, in order; none where nothing fits. */
  best: FoundPlan[];
  /** Whether the whole space was searched. */
  complete: boolean;
  /** All plans of the space, in decimal digits. */
  enumerated: string;
  /** Those that were priced. */
  evaluated: string;
}

/** Plans that are kept: a few, since the next best mostly differ in a detail. */
const kept = 8;

/** Slices of a search. Each begins with a look for a good plan where there is none yet. */
const slices = 40;

/** Searches here, in slices. */
async function searchHere(problem: SearchProblem, signal: AbortSignal): Promise<SearchState> {
  const space = openSearch(problem);
  let state = beginSearch(space);
  const units = Math.max(8, Math.ceil(state.units / slices));
  while (!state.complete) {
    await new Promise((resume) => setTimeout(resume));
    signal.throwIfAborted();
    state = runSearch(space, state, { front: false, top: kept, units });
  }
  return state;
}

/**
 * The best plans of a problem, of its whole space.
 *
 * @param options `workers`: whether all cores search, which pays for large spaces; the plans are the
 * same. An aborted signal throws its reason.
 */
export async function bestPlans(
  problem: SearchProblem,
  { signal, workers = false }: { signal: AbortSignal; workers?: boolean },
): Promise<BestPlans> {
  const { best, complete, counts } = workers
    ? (await searchInWorkers(problem, { front: false, top: kept, signal })).state
    : await searchHere(problem, signal);
  signal.throwIfAborted();
  const { enumerated, evaluated } = counts;
  return { best, complete, enumerated, evaluated };
}

/** A good plan of a problem, found by climbing alone; undefined where none was found. */
export function goodPlan(problem: SearchProblem): FoundPlan | undefined {
  const space = openSearch(problem);
  return runSearch(space, beginSearch(space), { front: false, top: 1, units: 1 }).best[0];
}
