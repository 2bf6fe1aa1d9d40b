/**
 * Flows that are under way, and how they share their links.
 *
 * The rates are max-min fair: no flow can have more without taking from one that has no more than it
 * (Bertsekas and Gallager, "Data Networks", 2nd ed., section 6.5.2), which is what fair queues or
 * like congestion controls come to when every flow has data to send. They are found by filling
 * (`fill.ts`). A flow that begins or ends changes the rates of those that it shares a link with, of
 * those that share with these, and so on, and of no others: only that part is filled anew.
 *
 * Between two changes of its rate a flow moves at one rate, so its end is known, and the ends wait in
 * a heap from which a flow whose rate changes is taken and put back. Flows that differ by rounding
 * alone end together: one that is within {@linkcode TOGETHER} of its time under way is done.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { createFill } from "./fill.ts";
import type { FlowColumns } from "./flow_table.ts";
import { createIndexedHeap } from "./indexed_heap.ts";
import { createLinkLists } from "./link_lists.ts";

/**
 * Share of its time under way by which a flow may end early: some thousand roundings of a double,
 * and far below what any link is known to.
 */
export const TOGETHER = 1e-12;

/** Flows under way; a flow is its index in the columns. */
export interface FlowNetwork {
  /** Seconds before its first byte. */
  latency(flow: number): number;
  /** Lets it move from the time of the next `share` on; false where it has no bytes to move. */
  begin(flow: number): boolean;
  /** Time at which the next flow ends, `Infinity` where none is under way. */
  nextEnd(): number;
  /** Ends a flow that is done by `now` and gives its task; -1 where none is. */
  take(now: number): number;
  /** Shares the links anew where flows began or ended. */
  share(now: number): void;
  /** Bytes a second of a flow since the last `share`, 0 where it is not under way. */
  rate(flow: number): number;
}

function refuseFailed({ flows, bytes, firstHop, hop, capacity, links }: FlowColumns): void {
  for (let flow = 0; flow < flows; flow++) {
    if (bytes[flow] === 0) continue;
    for (let at = firstHop[flow]; at < firstHop[flow + 1]; at++) {
      if (capacity[hop[at]] > 0) continue;
      throw new UserError(
        `Cannot send ${bytes[flow]} bytes over link "${links[hop[at]].name}": it has failed ` +
          "(0 bytes/s are left); route around it, or scale it to more than 0",
      );
    }
  }
}

/**
 * No flow under way yet, at time 0.
 *
 * @throws {UserError} where a flow would cross a link that has failed.
 */
export function createFlowNetwork(columns: FlowColumns): FlowNetwork {
  refuseFailed(columns);
  const { flows, task, bytes, latency, firstHop, hop } = columns;
  const left = bytes.slice(0, flows);
  const rate = new Float64Array(flows);
  const [began, since] = [new Float64Array(flows), new Float64Array(flows)];
  const ends = createIndexedHeap(flows);
  const members = createLinkLists(columns);
  const fill = createFill(columns, members);
  let fresh: number[] = [];
  let changed: number[] = [];

  function change(flow: number): void {
    for (let at = firstHop[flow]; at < firstHop[flow + 1]; at++) changed.push(hop[at]);
  }
  function setRate(flow: number, to: number, now: number): void {
    if (rate[flow] === to) return;
    left[flow] = Math.max(0, left[flow] - rate[flow] * (now - since[flow]));
    since[flow] = now;
    rate[flow] = to;
    ends.set(flow, now + left[flow] / to);
  }

  return {
    latency: (flow) => latency[flow],
    begin(flow) {
      if (bytes[flow] === 0) return false;
      fresh.push(flow);
      members.enter(flow);
      change(flow);
      return true;
    },
    nextEnd: () => ends.leastKey(),
    take(now) {
      const flow = ends.least();
      if (flow < 0 || ends.leastKey() - now > TOGETHER * (now - began[flow])) return -1;
      ends.remove(flow);
      members.leave(flow);
      change(flow);
      left[flow] = rate[flow] = 0;
      return task[flow];
    },
    share(now) {
      if (changed.length === 0) return;
      for (const flow of fresh) began[flow] = since[flow] = now;
      fill(changed, (flow, to) => setRate(flow, to, now));
      fresh = [];
      changed = [];
    },
    rate: (flow) => rate[flow],
  };
}
