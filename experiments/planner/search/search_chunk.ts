/**
 * What a worker of a search does: has opened a problem, and searches one chunk after the other.
 *
 * @module
 */
import { emptyTally, tallyCounts } from "../../../sim/search/counts.ts";
import type { FoundPlan, IncumbentRules, Incumbents } from "../../../sim/search/incumbents.ts";
import { keepAll } from "../../../sim/search/incumbents.ts";
import type { SearchSpace } from "../../../sim/search/open_search.ts";
import { runSearch } from "../../../sim/search/run_search.ts";
import { beginSearch, type SearchState } from "../../../sim/search/search_state.ts";
import type { Chunk } from "./chunks.ts";
import type { ChunkResult } from "./ledger.ts";

/** A problem that a worker has opened. */
export interface OpenedProblem {
  /** What is searched. */
  space: SearchSpace;
  /** The search before any unit. */
  begin: SearchState;
  /** What is kept. */
  rules: IncumbentRules;
  /** What it has been told. */
  known: Incumbents;
}

/** A chunk to search. */
export interface ChunkTask {
  /** Its place. */
  index: number;
  /** Its units. */
  chunk: Chunk;
  /** What it has to know and the worker has not been told. */
  found: FoundPlan[];
}

/** What came of a task. */
export interface ChunkAnswer {
  /** Place of the chunk. */
  index: number;
  /** Whether the chunk was stopped before its end. */
  stopped: boolean;
  /** What came of it. */
  result: ChunkResult;
}

/** Begins a search of an open problem. */
export function beginProblem(space: SearchSpace, rules: IncumbentRules): OpenedProblem {
  return { space, rules, begin: beginSearch(space), known: { best: [], front: [] } };
}

/** Searches a chunk; the first one climbs before. */
export function searchChunk(
  { space, begin, rules, known }: OpenedProblem,
  task: ChunkTask,
  options: { stop?: () => boolean } = {},
): ChunkAnswer {
  const { index, chunk: { from, units } } = task;
  keepAll(known, { best: task.found, front: [] }, rules);
  const none = tallyCounts(emptyTally(), space.enumerated);
  const { unitsDone, best, front, counts } = runSearch(
    space,
    { ...begin, unitsDone: from, counts: none },
    { ...rules, units, others: known, stop: options.stop },
  );
  const told = new Set([...known.best, ...known.front]);
  const found = [...new Set([...best, ...front])].filter((plan) => !told.has(plan));
  return { index, stopped: unitsDone < from + units, result: { found, counts } };
}
