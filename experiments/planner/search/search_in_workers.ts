/**
 * A search on all cores: its result is the same to the last byte for any number of workers.
 *
 * One thread finds the same plans and the same front. It knows a little more at each unit, so that it
 * prices fewer plans and more fall before; and where a front may be passed over by a share
 * (`frontSlack`), it finds another one that is as near.
 *
 * The units of a search are dealt into chunks (`chunks.ts`), which workers search one after the other;
 * what a chunk has to know before it begins is fixed (`ledger.ts`). A search can be saved while it runs
 * (`saved_search.ts`) and gone on with by another process, to the same end. Each worker opens the problem
 * for itself and has tables of its own.
 *
 * A worker that throws ends the search with its error. One that runs out of memory takes the process with
 * it, as Deno has it; what was saved before can be gone on with, by fewer workers.
 *
 * @module
 */
import { pricePlan } from "../../../sim/search/evaluate.ts";
import type { FoundPlan, IncumbentRules } from "../../../sim/search/incumbents.ts";
import { type SearchProblem, searchSite } from "../../../sim/search/problem.ts";
import type { SearchProgress } from "../../../sim/search/run_search.ts";
import type { SearchResult } from "../../../sim/search/search_plans.ts";
import { contentId } from "../../hash.ts";
import { keepSaving } from "./keep_saving.ts";
import { allCounts, isDone, type Ledger, openLedger, stateOf } from "./ledger.ts";
import { readLedger, type SavedLedger } from "./read_ledger.ts";
import { problemId } from "./saved_search.ts";
import { openPool, type WorkerPool } from "./worker_pool.ts";
import { type ChunksOptions, searchChunks } from "./search_chunks.ts";

/** How far a search with workers is. */
export interface WorkersProgress extends SearchProgress {
  /** Share of the space whose plans are decided. */
  decidedShare: number;
}

/** How a search is run by workers. */
export interface WorkersOptions extends Partial<Omit<IncumbentRules, "objective">> {
  /** Workers; one for each core unless given, and 16 at most. */
  workers?: number;
  /**
   * Workers that stay for another search, in place of new ones. Whoever opened them closes them, at the
   * latest when a search has thrown.
   */
  pool?: WorkerPool;
  /** Stops the search, which then gives what it has. */
  signal?: AbortSignal;
  /** Seconds after which it stops; no end unless given. */
  budgetSeconds?: number;
  /** Told at the beginning and after every few units. */
  onProgress?: (progress: WorkersProgress) => void;
  /**
   * Plans of the problem that were found before, which the search goes on from. One that is gone on with
   * is given the same again.
   */
  given?: readonly FoundPlan[];
  /** Where the search is saved every few seconds and at its end; nowhere unless given. */
  statePath?: string;
  /** Whether to go on with the search that is saved there. */
  resume?: boolean;
}

/** What a search with workers found. */
export interface WorkersResult extends SearchResult {
  /** Workers that searched. */
  workers: number;
}

function progressOf({ begin, known, tally, unitsDone }: Ledger): WorkersProgress {
  const left = Number(tally.left) / Number(begin.counts.enumerated);
  return {
    ...{ unitsDone, units: begin.units, evaluated: Number(tally.evaluated) },
    bestSeconds: known.front[0]?.stepSeconds ?? known.best[0]?.stepSeconds,
    decidedShare: 1 - left,
  };
}

/** A search that goes on where it was, if it was anywhere, and is saved on its way. */
async function searchAndSave(
  problem: SearchProblem,
  of: Omit<ChunksOptions, "open"> & {
    given?: readonly FoundPlan[];
    saved?: SavedLedger;
    saveIn?: { path: string; id: string };
  },
): Promise<Ledger> {
  const { given, saved, saveIn, signal, rules, progress } = of;
  if (saved && isDone(saved.ledger)) {
    progress(saved.ledger);
    return saved.ledger;
  }
  const saving = saveIn && keepSaving(saveIn.path, saveIn.id);
  try {
    return await searchChunks(problem, {
      ...of,
      signal: saving ? AbortSignal.any([saving.failed, ...signal ? [signal] : []]) : signal,
      open: (begin) => {
        saved?.check(begin);
        const ledger = saved?.ledger ?? openLedger(begin, { rules, given });
        saving?.begin(ledger);
        return ledger;
      },
    });
  } finally {
    await saving?.end();
  }
}

/**
 * Finds the best plans with workers; see the module. A search that was stopped gives what it has, is not
 * complete, and its `state` goes on from the units that are done without a gap.
 *
 * @throws {UserError} for a problem that cannot be, and for a saved search that is of another one,
 * damaged, or of another version of the simulator.
 *
 * @example The best plans of a small model, by two workers
 * ```ts
 * import { searchInWorkers } from "@moelab/moelab/experiments";
 * import { searchPlans, type Sizes } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const fix = { cp: 1, precision: "bf16" } as const;
 * const problem = { sizes, cluster: "h100:8", workload, globalBatch: 32, fix };
 * const { best, front, complete } = await searchInWorkers(problem, { workers: 2 });
 * assertEquals(complete, true);
 * // As one thread finds them.
 * const alone = searchPlans(problem);
 * assertEquals([best, front], [alone.best, alone.front]);
 * ```
 */
export async function searchInWorkers(
  problem: SearchProblem,
  options: WorkersOptions = {},
): Promise<WorkersResult> {
  const { top = 10, front = true, frontSlack = 0, signal, budgetSeconds, statePath } = options;
  const { given, frontSpan } = options;
  const { objective = "time" } = problem;
  const rules: IncumbentRules = { top, front, frontSlack, frontSpan, objective };
  const pool = options.pool ?? openPool(options.workers);
  const site = searchSite(problem);
  signal?.throwIfAborted();
  const id = await problemId(problem, rules);
  const saved = statePath !== undefined && options.resume
    ? await readLedger(statePath, { id, site, rules, given })
    : undefined;
  const progress = (ledger: Ledger) => options.onProgress?.(progressOf(ledger));
  const ledger = await searchAndSave(problem, {
    ...{ rules, pool, given, signal, budgetSeconds, progress, saved },
    id: await contentId({ problem }),
    saveIn: statePath === undefined ? undefined : { path: statePath, id },
  }).finally(() => pool === options.pool || pool.close());
  const priced = ({ plan }: FoundPlan) => pricePlan(plan, site);
  return {
    best: ledger.known.best.map(priced),
    front: ledger.known.front.map(priced),
    counts: allCounts(ledger),
    complete: isDone(ledger),
    state: stateOf(ledger),
    workers: pool.workers,
  };
}
