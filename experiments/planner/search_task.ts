/**
 * One search: small ones here, larger ones by workers.
 *
 * @module
 */
import { join } from "node:path";
import { choicesOf } from "../../sim/search/choices.ts";
import type { FoundPlan, IncumbentRules } from "../../sim/search/incumbents.ts";
import { openSearch } from "../../sim/search/open_search.ts";
import { type SearchProblem, searchSite } from "../../sim/search/problem.ts";
import type { SearchProgress } from "../../sim/search/run_search.ts";
import { type SearchResult, searchResult } from "../../sim/search/search_plans.ts";
import { searchWithPool } from "./search/search_with_pool.ts";
import type { WorkerPool } from "./search/worker_pool.ts";
import { searchHere } from "./search_here.ts";

/** How searches are run. */
export interface SearchWays {
  /** Workers of large searches. */
  pool: WorkerPool;
  /** Folder where large searches are saved; nowhere unless given. */
  saveIn?: string;
  /** Whether searches that are saved there are gone on with. */
  resume: boolean;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** A clock that rises, seconds. */
  seconds: () => number;
  /** Told how far a search is. */
  progress?: (progress: SearchProgress) => void;
}

/** Combinations of degrees up to which a search is small: workers would take longer to begin. */
const SMALL = 1000;

function isSmall(problem: SearchProblem): boolean {
  const { tp, cp, pp, ep, etp } = choicesOf(searchSite(problem));
  return [tp, cp, pp, ep, etp].reduce((product, list) => product * list.length, 1) <= SMALL;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/**
 * Runs a search until it is done, stopped, or at the end of its seconds.
 *
 * @param options `name` that it is saved by; `forSeconds` it may take; `given` plans that were found
 * before.
 * @throws {UserError} for a problem that cannot be, and for what is saved of another one.
 */
export async function searchTask(
  problem: SearchProblem,
  options: SearchWays & Omit<IncumbentRules, "objective"> & {
    name: string;
    forSeconds: number;
    given?: readonly FoundPlan[];
  },
): Promise<SearchResult> {
  const { top, front, frontSlack, frontSpan, signal, seconds, forSeconds, progress } = options;
  const { name, pool, given } = options;
  const rules = { top, front, frontSlack, frontSpan };
  const { objective = "time" } = problem;
  if (isSmall(problem)) {
    const space = openSearch(problem);
    const end = forSeconds < Infinity ? seconds() + forSeconds : Infinity;
    const state = await searchHere(space, {
      rules: { ...rules, objective },
      stop: () => signal.aborted || (end < Infinity && seconds() >= end),
      progress,
    });
    return searchResult(space, state);
  }
  const statePath = options.saveIn && join(options.saveIn, `${name}.json`);
  return await searchWithPool(problem, {
    ...{ ...rules, signal, pool, given, onProgress: progress },
    budgetSeconds: forSeconds < Infinity ? forSeconds : undefined,
    statePath,
    resume: options.resume && statePath !== undefined && await exists(statePath),
  });
}
