/**
 * Hands chunks to workers until all are done, or until they are to stop.
 *
 * @module
 */
import type { IncumbentRules } from "../../../sim/search/incumbents.ts";
import { keepAll } from "../../../sim/search/incumbents.ts";
import type { PreparedUnits } from "../../../sim/search/open_search.ts";
import type { SearchProblem } from "../../../sim/search/problem.ts";
import type { SearchState } from "../../../sim/search/search_state.ts";
import { chunksKnown } from "./chunks.ts";
import { addResult, foundIn, isDone, type Ledger, takeChunk } from "./ledger.ts";
import type { SearchReply } from "./search_worker.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** Milliseconds that a timer can wait, 24 days. */
const LONGEST = 2 ** 31 - 1;

/** How chunks are searched. */
export interface ChunksOptions {
  /** What is kept. */
  rules: IncumbentRules;
  /** Workers. Where a search throws they may still be at it, and are of no more use. */
  pool: WorkerPool;
  /** Name of the problem. */
  id: string;
  /** The ledger of a search that begins so; its errors end the search. */
  open: (begin: SearchState) => Ledger;
  /** Told after every chunk. */
  progress: (ledger: Ledger) => void;
  /** Stops the search. */
  signal?: AbortSignal;
  /** Seconds after which it stops; none unless given. */
  budgetSeconds?: number;
}

/**
 * Searches a problem with workers and gives the ledger, whose chunks are done where nothing stopped
 * them. What chunks have found that were stopped is known, and the chunks are not done.
 *
 * @throws {Error} where a worker fails, and the signal's reason where it comes before there is a ledger.
 */
export function searchChunks(problem: SearchProblem, options: ChunksOptions): Promise<Ledger> {
  const { rules, pool, id, signal, budgetSeconds = Infinity } = options;
  const { workers, stop } = pool;
  const idle = new Set<number>();
  const told = new Array<number>(workers);
  let ledger: Ledger | undefined;
  let busy = 0;
  let ended = false;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const end = (settle: () => void) => {
      ended = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      settle();
    };
    const attempt = (work: () => void) => {
      try {
        work();
      } catch (error) {
        end(() => reject(error));
      }
    };

    function deal(current: Ledger): void {
      const stopped = Atomics.load(stop, 0) !== 0;
      for (const worker of stopped ? [] : [...idle]) {
        const index = takeChunk(current);
        if (index === undefined) break;
        const known = chunksKnown(index);
        const first = told[worker] === undefined ? current.given : [];
        const found = [...first, ...foundIn(current, told[worker] ?? 0, known)];
        told[worker] = known;
        idle.delete(worker);
        busy++;
        pool.send(worker, { kind: "search", index, chunk: current.chunks[index], found });
      }
      if (busy === 0 && (stopped || isDone(current))) end(() => resolve(current));
    }

    function enter(current: Ledger, reply: SearchReply & { kind: "done" }): void {
      busy--;
      const { index, stopped, result } = reply;
      if (stopped) keepAll(current.known, { best: result.found, front: [] }, rules);
      else addResult(current, index, result);
      options.progress(current);
    }

    const open = (worker: number, prepared?: PreparedUnits) =>
      pool.send(worker, { kind: "open", id, problem, prepared, rules, stop });
    const halt = () => {
      Atomics.store(stop, 0, 1);
      if (ledger) deal(ledger);
    };
    const abort = () => ledger ? halt() : end(() => reject(signal?.reason));
    pool.begin({
      failed: (error) => end(() => reject(error)),
      reply: (worker, reply) =>
        attempt(() => {
          if (ended) return;
          if (reply.kind === "ready") {
            if (ledger === undefined) {
              options.progress(ledger = options.open(reply.begin));
              for (let other = 1; other < workers; other++) open(other, reply.prepared);
            }
          } else if (ledger) enter(ledger, reply);
          idle.add(worker);
          if (ledger) deal(ledger);
        }),
    });
    const timer = setTimeout(halt, Math.min(1e3 * budgetSeconds, LONGEST));
    signal?.addEventListener("abort", abort);
    // The first worker makes the problem ready for all.
    open(0);
  });
}
