/**
 * The searches of a question, each twice: first for the best plans, which is exact and soon done, then
 * for the front, which goes through all sizes of memory and may take much longer.
 *
 * @module
 */
import type { PlanPrice } from "../../sim/search/evaluate.ts";
import type { SearchProgress } from "../../sim/search/run_search.ts";
import type { SearchResult } from "../../sim/search/search_plans.ts";
import { withPool, type WorkerPool } from "./search/worker_pool.ts";
import { FRONT_SPAN } from "./plan_front.ts";
import { searchTask, type SearchWays } from "./search_task.ts";
import type { SearchTask } from "./search_tasks.ts";

/** How a question is searched. */
export interface SearchesOptions extends Omit<SearchWays, "progress" | "pool"> {
  /** Workers of large searches; one for each core unless given. */
  workers?: number;
  /** Plans that a search keeps as its best. */
  keep: number;
  /** Share by which plans may beat the front in time and memory and yet be passed over. */
  frontSlack: number;
  /** Seconds for all; no end of the search for the best unless given. */
  budgetSeconds?: number;
  /** Told of every search that begins, and how far it is. */
  progress?: (what: string, progress: SearchProgress) => void;
}

/** A search that was run. */
export interface RunSearch
  extends SearchTask, Pick<SearchResult, "best" | "counts" | "complete" | "smallest" | "state"> {
  /** Plans of the front, as far as it was searched. */
  front: readonly PlanPrice[];
  /** Whether the front was searched to its end. */
  frontComplete: boolean;
}

/** Seconds that fronts may take together where no budget is given. */
const FRONT_SECONDS = 15;

/** How long the next of some tasks may take, where all have the same share of what is left. */
function shared(end: number, tasks: number, now: number): number {
  return Math.max(0, end - now) / tasks;
}

async function searchBest(
  tasks: readonly SearchTask[],
  options: SearchesOptions & { pool: WorkerPool; end: number },
): Promise<RunSearch[]> {
  const { keep, signal, seconds, progress, end } = options;
  const runs: RunSearch[] = [];
  for (const [i, task] of tasks.entries()) {
    if (signal.aborted) break;
    const found = await searchTask(task.problem, {
      ...{ ...options, name: `best-${task.name}`, top: keep, front: false },
      forSeconds: shared(end, tasks.length - i, seconds()),
      progress: progress && ((told) => progress(`best on ${task.name}`, told)),
    });
    runs.push({ ...task, ...found, front: [], frontComplete: false });
  }
  return runs;
}

async function searchFronts(
  runs: readonly RunSearch[],
  options: SearchesOptions & { pool: WorkerPool; end: number },
): Promise<void> {
  const { signal, seconds, progress, end } = options;
  const fronted = runs.filter(({ best }) => best.length > 0);
  const frontEnd = end === Infinity ? seconds() + FRONT_SECONDS : end;
  for (const [i, run] of fronted.entries()) {
    if (signal.aborted) break;
    const { front, complete } = await searchTask(run.problem, {
      ...{ ...options, name: `front-${run.name}`, top: 1, front: true, frontSpan: FRONT_SPAN },
      // What a search that was stopped has found may be something else next time.
      given: run.complete ? run.state.best : undefined,
      forSeconds: shared(frontEnd, fronted.length - i, seconds()),
      progress: progress && ((told) => progress(`front on ${run.name}`, told)),
    });
    run.front = front;
    run.frontComplete = complete;
  }
}

/**
 * Runs the searches of a question. A budget is shared by those that are left; fronts have what the
 * search for the best has left of it. A search in which nothing fits has no front.
 *
 * @throws {UserError} for a question that cannot be.
 */
export async function runSearches(
  tasks: readonly SearchTask[],
  options: SearchesOptions,
): Promise<RunSearch[]> {
  const { budgetSeconds = Infinity, seconds } = options;
  const end = seconds() + budgetSeconds;
  return await withPool(options.workers, async (pool) => {
    const runs = await searchBest(tasks, { ...options, pool, end });
    await searchFronts(runs, { ...options, pool, end });
    return runs;
  });
}
