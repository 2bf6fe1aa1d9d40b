/**
 * The thread of a worker: messages in, messages out.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { IncumbentRules } from "../../../sim/search/incumbents.ts";
import {
  openPrepared,
  openSearch,
  type PreparedUnits,
  preparedUnits,
} from "../../../sim/search/open_search.ts";
import type { SearchProblem } from "../../../sim/search/problem.ts";
import type { SearchState } from "../../../sim/search/search_state.ts";
import {
  beginProblem,
  type ChunkAnswer,
  type ChunkTask,
  type OpenedProblem,
  searchChunk,
} from "./search_chunk.ts";

/** What a worker is asked in a search: first to open a problem, then to search chunks of it. */
export type SearchRequest =
  & {
    /** Which search of the worker's it is; answers say it again. */
    turn: number;
  }
  & (
    | ({ kind: "search" } & ChunkTask)
    | {
      kind: "open";
      /** The problem. */
      problem: SearchProblem;
      /** Its name; what was opened last under the same is still open. */
      id: string;
      /** What another worker has made ready of it. */
      prepared?: PreparedUnits;
      /** What is kept. */
      rules: IncumbentRules;
      /** Shared by all: other than 0 when they are to stop. */
      stop: Int32Array<SharedArrayBuffer>;
    }
  );

/** What a worker answers. */
export type SearchReply =
  & { turn: number }
  & (
    | {
      kind: "ready";
      begin: SearchState;
      /** What it has made ready, for others. */
      prepared?: PreparedUnits;
    }
    | ({ kind: "done" } & ChunkAnswer)
    | { kind: "failed"; user: boolean; message: string; stack?: string }
  );

/** The worker's own scope, which the types of a window do not have. */
const scope = globalThis as unknown as {
  onmessage?: (event: MessageEvent<SearchRequest>) => void;
  postMessage: (reply: SearchReply) => void;
};

let opened: OpenedProblem & { id: string; stop: () => boolean } | undefined;

function answer(request: SearchRequest): SearchReply {
  const { turn } = request;
  if (request.kind === "open") {
    const { id, problem, prepared, rules, stop } = request;
    const known = opened?.id === id ? opened.space : undefined;
    const space = known ??
      (prepared ? openPrepared(problem, prepared) : openSearch(problem));
    const stops = () => Atomics.load(stop, 0) !== 0;
    opened = { ...beginProblem(space, rules), id, stop: stops };
    const mine = known === undefined && prepared === undefined;
    return {
      ...{ kind: "ready", turn, begin: opened.begin },
      ...(mine && { prepared: preparedUnits(space) }),
    };
  }
  if (opened === undefined) throw new Error("Cannot search before a problem is opened");
  return { kind: "done", turn, ...searchChunk(opened, request, { stop: opened.stop }) };
}

scope.onmessage = ({ data }) => {
  try {
    scope.postMessage(answer(data));
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    const user = error instanceof UserError;
    scope.postMessage({ kind: "failed", turn: data.turn, user, message, stack });
  }
};
