/**
 * The thread of a worker: messages in, messages out.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { IncumbentRules } from "../../../sim/search/incumbents.ts";
import type { SearchProblem } from "../../../sim/search/problem.ts";
import type { SearchState } from "../../../sim/search/search_state.ts";
import {
  type ChunkAnswer,
  type ChunkTask,
  type OpenedProblem,
  openProblem,
  searchChunk,
} from "./search_chunk.ts";

/** What a worker is asked: first to open a problem, then to search chunks of it. */
export type SearchRequest =
  | ({ kind: "search" } & ChunkTask)
  | {
    kind: "open";
    /** The problem. */
    problem: SearchProblem;
    /** What is kept. */
    rules: IncumbentRules;
    /** Shared by all: other than 0 when they are to stop. */
    stop: Int32Array<SharedArrayBuffer>;
  };

/** What a worker answers. */
export type SearchReply =
  | { kind: "ready"; begin: SearchState }
  | ({ kind: "done" } & ChunkAnswer)
  | { kind: "failed"; user: boolean; message: string; stack?: string };

/** The worker's own scope, which the types of a window do not have. */
const scope = globalThis as unknown as {
  onmessage?: (event: MessageEvent<SearchRequest>) => void;
  postMessage: (reply: SearchReply) => void;
};

let opened: OpenedProblem & { stop: () => boolean } | undefined;

function answer(request: SearchRequest): SearchReply {
  if (request.kind === "open") {
    const { problem, rules, stop } = request;
    opened = { ...openProblem(problem, rules), stop: () => Atomics.load(stop, 0) !== 0 };
    return { kind: "ready", begin: opened.begin };
  }
  if (opened === undefined) throw new Error("Cannot search before a problem is opened");
  return { kind: "done", ...searchChunk(opened, request, { stop: opened.stop }) };
}

scope.onmessage = ({ data }) => {
  try {
    scope.postMessage(answer(data));
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    scope.postMessage({ kind: "failed", user: error instanceof UserError, message, stack });
  }
};
