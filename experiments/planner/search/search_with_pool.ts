/**
 * A search by workers who may have searched before.
 *
 * @module
 */
import { pricePlan } from "../../../sim/search/evaluate.ts";
import type { FoundPlan, IncumbentRules } from "../../../sim/search/incumbents.ts";
import { type SearchProblem, searchSite } from "../../../sim/search/problem.ts";
import { contentId } from "../../hash.ts";
import { keepSaving } from "./keep_saving.ts";
import { allCounts, isDone, type Ledger, openLedger, stateOf } from "./ledger.ts";
import { readLedger, type SavedLedger } from "./read_ledger.ts";
import { problemId } from "./saved_search.ts";
import { type ChunksOptions, searchChunks } from "./search_chunks.ts";
import type { WorkerPool } from "./worker_pool.ts";
import type { WorkersOptions, WorkersProgress, WorkersResult } from "./workers_options.ts";

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
 * Finds the best plans, as `searchInWorkers` does, which says what it throws. Where it throws, workers
 * may still be at it, and the pool is of no more use.
 */
export async function searchWithPool(
  problem: SearchProblem,
  options: Omit<WorkersOptions, "workers"> & { pool: WorkerPool },
): Promise<WorkersResult> {
  const { top = 10, front = true, frontSlack = 0, signal, budgetSeconds, statePath } = options;
  const { pool, given, frontSpan } = options;
  const { objective = "time" } = problem;
  const rules: IncumbentRules = { top, front, frontSlack, frontSpan, objective };
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
  });
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
