/**
 * Which flows cross a link now: a list a link, threaded through the hops of the flows, so that a flow
 * enters and leaves in as many steps as it has hops.
 *
 * @module
 */
import type { FlowColumns } from "./flow_table.ts";

/** Flows by link. */
export interface LinkLists {
  /** Number of flows by link. */
  count: Int32Array<ArrayBuffer>;
  /** First hop on a link, -1 where no flow crosses it. */
  head: Int32Array<ArrayBuffer>;
  /** The next hop on the same link, -1 at the end. */
  next: Int32Array<ArrayBuffer>;
  /** Flow of a hop. */
  flow: Int32Array<ArrayBuffer>;
  /** Puts a flow on its links. */
  enter(flow: number): void;
  /** Takes it off. */
  leave(flow: number): void;
}

/** Empty lists. */
export function createLinkLists(columns: FlowColumns): LinkLists {
  const { flows, firstHop, hop, capacity } = columns;
  const hops = firstHop[flows];
  const count = new Int32Array(capacity.length);
  const head = new Int32Array(capacity.length).fill(-1);
  const [next, before, flowOf] = [new Int32Array(hops), new Int32Array(hops), new Int32Array(hops)];
  for (let flow = 0; flow < flows; flow++) flowOf.fill(flow, firstHop[flow], firstHop[flow + 1]);
  return {
    ...{ count, head, next, flow: flowOf },
    enter(flow) {
      for (let at = firstHop[flow]; at < firstHop[flow + 1]; at++) {
        const link = hop[at];
        count[link]++;
        next[at] = head[link];
        before[at] = -1;
        if (head[link] >= 0) before[head[link]] = at;
        head[link] = at;
      }
    },
    leave(flow) {
      for (let at = firstHop[flow]; at < firstHop[flow + 1]; at++) {
        const link = hop[at];
        count[link]--;
        if (next[at] >= 0) before[next[at]] = before[at];
        if (before[at] >= 0) next[before[at]] = next[at];
        else head[link] = next[at];
      }
    },
  };
}
