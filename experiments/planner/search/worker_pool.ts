/**
 * The workers of a search, and their ends.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { SearchReply, SearchRequest } from "./search_worker.ts";

/** Workers at work. */
export interface WorkerPool {
  /** Sends a worker something to do. */
  send(worker: number, request: SearchRequest): void;
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

/** Begins workers. */
export function openPool(count: number, listener: PoolListener): WorkerPool {
  const workers = Array.from({ length: count }, (_, index) => {
    const worker = new Worker(new URL("./search_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<SearchReply>) =>
      data.kind === "failed" ? listener.failed(failure(data)) : listener.reply(index, data);
    worker.onerror = (event) => {
      event.preventDefault();
      listener.failed(new Error(`A worker of the search has died: ${event.message}`));
    };
    return worker;
  });
  return {
    send: (worker, request) => workers[worker].postMessage(request),
    close: () => workers.forEach((worker) => worker.terminate()),
  };
}
