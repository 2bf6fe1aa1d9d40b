/**
 * A search on the disk: what is done and what was found, for another process to go on with.
 *
 * Chunks that nobody will ask about one by one are merged. A file is gone on with where it is of the
 * same problem, begins as this one does, adds up, and where its plans cost today what they did.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig } from "../../../kernels/base/config.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { planSchema } from "../../../sim/plan/plan_input.ts";
import { emptyTally, type SearchCounts, tallyCounts } from "../../../sim/search/counts.ts";
import type { FoundPlan, IncumbentRules, Incumbents } from "../../../sim/search/incumbents.ts";
import { keepAll } from "../../../sim/search/incumbents.ts";
import type { SearchProblem } from "../../../sim/search/problem.ts";
import type { SearchState } from "../../../sim/search/search_state.ts";
import { contentId } from "../../hash.ts";
import { readJsonFile } from "../../read_json.ts";
import { chunksKnown, dealChunks } from "./chunks.ts";
import { chunkCounts, type ChunkResult, foundIn, type Ledger } from "./ledger.ts";

/** A search on the disk; see the module. */
export interface SavedSearch {
  /** Version of this format, and of the order in which units are dealt. */
  schema: "moelab-search-1";
  /** Name of the problem and of what is kept. */
  problem: string;
  /** All units of the problem. */
  units: number;
  /** Counts before any unit. */
  begin: SearchCounts;
  /** Chunks from the first on that are merged. */
  merged: number;
  /** What they have found. */
  found: FoundPlan[];
  /** What became of their plans. */
  counts: SearchCounts;
  /** Chunks after them that are done. */
  chunks: (ChunkResult & { index: number })[];
}

const digits = z.string().regex(/^-?\d+$/);
const countsSchema = z.strictObject({
  ...{ enumerated: digits, rules: z.record(z.string(), digits), same: digits },
  ...{ dominance: digits, memory: digits, time: digits, evaluated: digits, left: digits },
  feasible: digits,
});
const foundSchema = z.array(z.strictObject({
  plan: planSchema as unknown as z.ZodType,
  stepSeconds: z.number().positive(),
  peakBytes: z.number().positive(),
}));
const savedSchema = z.strictObject({
  schema: z.literal("moelab-search-1"),
  problem: z.string(),
  units: z.int().min(0),
  begin: countsSchema,
  merged: z.int().min(0),
  found: foundSchema,
  counts: countsSchema,
  chunks: z.array(
    z.strictObject({ index: z.int().min(0), found: foundSchema, counts: countsSchema }),
  ),
});

/** The name of a problem with what is kept of it. */
export async function problemId(problem: SearchProblem, rules: IncumbentRules): Promise<string> {
  return await contentId({ problem, rules });
}

/** A ledger as it is saved. */
export function savedOf(ledger: Ledger, problem: string): SavedSearch {
  const { begin: { units, counts: begin }, rules, results, doneUpTo } = ledger;
  const merged = Math.min(chunksKnown(doneUpTo), doneUpTo);
  const kept: Incumbents = { best: [], front: [] };
  keepAll(kept, { best: foundIn(ledger, 0, merged), front: [] }, rules);
  return {
    ...{ schema: "moelab-search-1", problem, units, begin, merged },
    found: [...new Set([...kept.best, ...kept.front])],
    counts: chunkCounts(ledger, merged),
    chunks: results.flatMap((result, index) =>
      result === undefined || index < merged ? [] : [{ index, ...result }]
    ),
  };
}

/** The state before any unit, and the results of chunks, that a file tells. */
export function ledgerOf(
  { units, begin: counts, merged, found, counts: all, chunks }: SavedSearch,
): { begin: SearchState; results: (ChunkResult | undefined)[] } {
  const none = tallyCounts(emptyTally(), BigInt(counts.enumerated));
  const results: (ChunkResult | undefined)[] = Array.from(
    { length: merged },
    (_, i) => i < merged - 1 ? { found: [], counts: none } : { found, counts: all },
  );
  for (const { index, ...result } of chunks) results[index] = result;
  const part = { index: 0, of: 1 };
  const begin: SearchState = {
    ...{ schema: 1, part, unitsDone: 0, units, best: [], front: [], counts },
    complete: units === 0,
  };
  return { begin, results };
}

/** Why the numbers of a file cannot be, if so. */
function faultOf({ units, begin, merged, counts, chunks }: SavedSearch): string | undefined {
  const all = dealChunks(units).length;
  const places = chunks.map(({ index }) => index);
  if (merged > all || places.some((index) => index < merged || index >= all)) {
    return `it has chunks that ${units} units do not have`;
  }
  if (new Set(places).size < places.length) return "it has a chunk twice";
  const sum = [begin, counts, ...chunks.map((chunk) => chunk.counts)].reduce(
    (total, { rules, enumerated: _all, feasible: _fits, ...fates }) =>
      [...Object.values(rules), ...Object.values(fates)]
        .reduce((plans, more) => plans + BigInt(more), total),
    0n,
  );
  if (sum !== BigInt(begin.enumerated)) {
    return `its counts come to ${sum} and wanted ${begin.enumerated}`;
  }
}

/**
 * Reads a saved search.
 *
 * @param id Name of the problem that is asked.
 * @throws {UserError} for a file that is damaged, or of another problem.
 */
export async function readSavedSearch(path: string, id: string): Promise<SavedSearch> {
  const value = await readJsonFile(path);
  const saved = parseConfig(savedSchema, value, path) as SavedSearch;
  if (saved.problem !== id) {
    throw new UserError(
      `Cannot go on with the search in ${path}: it is of problem ${saved.problem} and wanted ` +
        `${id}; ask the same as then, or begin a new search`,
    );
  }
  const fault = faultOf(saved);
  if (fault) {
    throw new UserError(
      `Cannot go on with the search in ${path}: the file is damaged, ${fault}; begin a new search`,
    );
  }
  // As it was written, with its fields in their order.
  return value as SavedSearch;
}
