/**
 * The workers of searches, and their ends.
 *
 * Workers stay between searches: the next one finds its problem open, if it is the same, with all that
 * was remembered of it.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { workerCount } from "./worker_count.ts";
import type { SearchReply, SearchRequest } from "./search_worker.ts";

/** What a worker is asked for, of the search that is on. */
export type PoolRequest = SearchRequest extends infer R
  ? R extends unknown ? Omit<R, "turn"> : never
  : never;

/** Workers that search, one search at a time. */
export interface WorkerPool {
  /** How many there are. */
  readonly workers: number;
  /** Shared by all: other than 0 when they are to stop. */
  readonly stop: Int32Array<SharedArrayBuffer>;
  /** Begins a search. What workers still say of the one before is not heard. */
  begin(listener: PoolListener): void;
  /** Sends a worker something to do. */
  send(worker: number, request: PoolRequest): void;
  /** Ends all of them, whatever they do. */
  close(): void;
}

/** What is done with answers. */
export interface PoolListener {
  /** Answers, but for failures. */
  reply: (worker: number, reply: Exclude<SearchReply, { kind: "failed" }>) => void;
  /** A worker could not go on. */
  failed: (error: Error) => void;
}

/** The error that a worker's failure is here: a user's stays one. */
function failure({ user, message, stack }: SearchReply & { kind: "failed" }): Error {
  if (user) return new UserError(message);
  return new Error(`A worker of the search has failed: ${message}`, { cause: stack });
}

/**
 * A pool of workers, which begin with its first search.
 *
 * @param asked How many; one for each core unless given, and 16 at most.
 * @throws {UserError} for a number that cannot be.
 */
export function openPool(asked?: number): WorkerPool {
  const count = workerCount(asked, navigator.hardwareConcurrency);
  let workers: Worker[] = [];
  let listener: PoolListener | undefined;
  let turn = 0;
  let death: Error | undefined;

  function hear(index: number, reply: SearchReply): void {
    if (reply.turn !== turn) return;
    if (reply.kind === "failed") listener?.failed(failure(reply));
    else listener?.reply(index, reply);
  }

  function open(index: number): Worker {
    const worker = new Worker(new URL("./search_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<SearchReply>) => hear(index, data);
    worker.onerror = (event) => {
      event.preventDefault();
      death = new Error(`A worker of the search has died: ${event.message}`);
      listener?.failed(death);
    };
    return worker;
  }

  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  return {
    workers: count,
    stop,
    begin(next) {
      listener = next;
      turn++;
      Atomics.store(stop, 0, 0);
      // One may have died between two searches.
      if (death) queueMicrotask(() => next.failed(death!));
      if (workers.length === 0) workers = Array.from({ length: count }, (_, index) => open(index));
    },
    send: (worker, request) => workers[worker].postMessage({ ...request, turn }),
    close() {
      workers.forEach((worker) => worker.terminate());
      workers = [];
    },
  };
}

/** Has a pool for as long as some work takes. */
export async function withPool<T>(
  asked: number | undefined,
  work: (pool: WorkerPool) => Promise<T>,
): Promise<T> {
  const pool = openPool(asked);
  try {
    return await work(pool);
  } finally {
    pool.close();
  }
}
