/**
 * Who has searched what: the order in which chunks are handed out, what each of them has to know, and
 * what they found.
 *
 * A search cuts the more the more it has found, so that how many plans are priced depends on who tells
 * whom when. Here a chunk begins with what all chunks up to a certain one before it have found, and with
 * nothing else, whether the ones in between are done or not. What a chunk does then follows from the
 * problem alone: the same plans, the same counts, for any number of workers and any order of their
 * messages, and after a break as without one. The price is that a chunk knows a little less than it
 * could, and that some more plans are priced.
 *
 * @module
 */
import {
  addTally,
  countsTally,
  emptyTally,
  type SearchCounts,
  type Tally,
  tallyCounts,
} from "../../../sim/search/counts.ts";
import type { FoundPlan, IncumbentRules, Incumbents } from "../../../sim/search/incumbents.ts";
import { keepAll } from "../../../sim/search/incumbents.ts";
import type { SearchState } from "../../../sim/search/search_state.ts";
import { type Chunk, chunksKnown, dealChunks } from "./chunks.ts";

/** What came of a chunk. */
export interface ChunkResult {
  /** Plans that it has kept beside those that it began with. */
  found: FoundPlan[];
  /** What became of its plans; what was left and is not any more is below 0. */
  counts: SearchCounts;
}

/** Where a dealt search is. */
export interface Ledger {
  /** The search before any unit. */
  readonly begin: SearchState;
  /** What is kept. */
  readonly rules: IncumbentRules;
  /** Plans that were known before. */
  readonly given: readonly FoundPlan[];
  /** The chunks. */
  readonly chunks: readonly Chunk[];
  /** What came of each chunk that is done. */
  readonly results: (ChunkResult | undefined)[];
  /** Everything found so far. */
  readonly known: Incumbents;
  /** What became of all plans so far. */
  readonly tally: Tally;
  /** Units that are done. */
  unitsDone: number;
  /** Chunks from the first on that are done. */
  doneUpTo: number;
  /** The next chunk to hand out; those before it are done or on their way. */
  next: number;
}

/** A ledger before any chunk, or with the results of some. */
export function openLedger(
  begin: SearchState,
  options: {
    rules: IncumbentRules;
    given?: readonly FoundPlan[];
    results?: readonly (ChunkResult | undefined)[];
  },
): Ledger {
  const { rules, given = [], results = [] } = options;
  const ledger: Ledger = {
    ...{ begin, rules, given, chunks: dealChunks(begin.units), results: [] },
    ...{ known: { best: [], front: [] }, tally: countsTally(begin.counts) },
    ...{ unitsDone: 0, doneUpTo: 0, next: 0 },
  };
  keepAll(ledger.known, { best: given, front: [] }, rules);
  results.forEach((result, index) => result && addResult(ledger, index, result));
  return ledger;
}

/** Enters what came of a chunk. */
export function addResult(ledger: Ledger, index: number, result: ChunkResult): void {
  const { results, known, rules, tally, chunks } = ledger;
  results[index] = result;
  ledger.unitsDone += chunks[index].units;
  addTally(tally, countsTally(result.counts));
  keepAll(known, { best: result.found, front: [] }, rules);
  while (results[ledger.doneUpTo] !== undefined) ledger.doneUpTo++;
}

/** Hands out a chunk, if there is one whose knowledge is complete. */
export function takeChunk(ledger: Ledger): number | undefined {
  const { results, chunks } = ledger;
  while (results[ledger.next] !== undefined) ledger.next++;
  const index = ledger.next;
  if (index >= chunks.length || chunksKnown(index) > ledger.doneUpTo) return undefined;
  ledger.next++;
  return index;
}

/** What chunks have found, from one on and up to another. */
export function foundIn({ results }: Ledger, from: number, to: number): FoundPlan[] {
  return results.slice(from, to).flatMap((result) => result?.found ?? []);
}

/** Whether every chunk is done. */
export const isDone = ({ doneUpTo, chunks }: Ledger): boolean => doneUpTo === chunks.length;

/** Counts of chunks up to one of them, added up. */
export function chunkCounts({ begin, results }: Ledger, upTo: number): SearchCounts {
  const tally = emptyTally();
  for (const result of results.slice(0, upTo)) {
    if (result) addTally(tally, countsTally(result.counts));
  }
  return tallyCounts(tally, BigInt(begin.counts.enumerated));
}

/** What became of all plans, with rules in the order of their names, up to one of the chunks. */
export function allCounts(ledger: Ledger, upTo = ledger.chunks.length): SearchCounts {
  const { begin: { counts } } = ledger;
  const tally = countsTally(counts);
  addTally(tally, countsTally(chunkCounts(ledger, upTo)));
  tally.rules = Object.fromEntries(Object.entries(tally.rules).sort(([a], [b]) => a < b ? -1 : 1));
  return tallyCounts(tally, BigInt(counts.enumerated));
}

/** The search as one that does its units in their order can go on with. */
export function stateOf(ledger: Ledger): SearchState {
  const { begin, known, chunks, doneUpTo } = ledger;
  const next = chunks[doneUpTo];
  return {
    ...begin,
    unitsDone: next?.from ?? begin.units,
    ...{ best: [...known.best], front: [...known.front] },
    counts: allCounts(ledger, doneUpTo),
    complete: next === undefined,
  };
}
