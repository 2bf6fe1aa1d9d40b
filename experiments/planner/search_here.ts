/**
 * A search in this thread, in slices between which others get a turn: Ctrl-C is heard in them.
 *
 * @module
 */
import type { IncumbentRules } from "../../sim/search/incumbents.ts";
import type { SearchSpace } from "../../sim/search/open_search.ts";
import { runSearch, type SearchProgress } from "../../sim/search/run_search.ts";
import { beginSearch, type SearchState } from "../../sim/search/search_state.ts";

/** How a search is run here. */
export interface SearchHere {
  /** What is kept. */
  rules: IncumbentRules;
  /** Where an earlier search stopped. */
  state?: SearchState;
  /** Whether to stop now. */
  stop: () => boolean;
  /** Told after every unit. */
  progress?: (progress: SearchProgress) => void;
}

/** Units of the first slice, and of the longest. */
const FIRST = 1;
const MOST = 256;

/** Searches a space until it is done or is told to stop; a slice more does not change what is found. */
export async function searchHere(space: SearchSpace, options: SearchHere): Promise<SearchState> {
  const { rules, stop, progress } = options;
  let state = options.state ?? beginSearch(space);
  for (let units = FIRST; !state.complete && !stop(); units = Math.min(2 * units, MOST)) {
    state = runSearch(space, state, { ...rules, units, stop, progress });
    await new Promise((resume) => setTimeout(resume));
  }
  return state;
}
