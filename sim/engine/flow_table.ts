/**
 * Links, and the flows of a graph that cross them, as columns of numbers.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { grown } from "./columns.ts";

/** One direction of a port, cable or switch. */
export interface GraphLink {
  /** What messages call it, such as "nic 3 up". */
  name: string;
  /** Bytes a second that it carries. */
  bytesPerSecond: number;
}

/** Flows and links; columns may be longer than what is in them. */
export interface FlowColumns {
  /** Number of flows. */
  flows: number;
  /** Task by flow. */
  task: Int32Array;
  /** Bytes by flow. */
  bytes: Float64Array;
  /** Seconds before the first byte moves, by flow. */
  latency: Float64Array;
  /** First hop by flow, and the end of the last flow's hops: flows + 1 numbers. */
  firstHop: Int32Array;
  /** Link by hop. */
  hop: Int32Array;
  /** Bytes a second by link, of what is left of it. */
  capacity: Float64Array;
  /** Links. */
  links: readonly GraphLink[];
}

/** What a flow needs to be added. */
export interface FlowRow {
  /** Links that it crosses. */
  links: readonly number[];
  /** Bytes that move. */
  bytes: number;
  /** Seconds before the first byte moves. */
  latencySeconds: number;
}

/** A table that grows. */
export interface FlowTable {
  /** Adds a link. */
  link(link: GraphLink): number;
  /** Sets what part of a link is left. */
  scaleLink(link: number, factor: number): void;
  /** Adds the flow of a task. */
  add(task: number, row: FlowRow): number;
  /** What is in it. */
  columns(): FlowColumns;
}

const atLeastZero = (value: number) => value >= 0 && value < Infinity;

/** Makes an empty table. */
export function createFlowTable(): FlowTable {
  const links: (GraphLink & { factor: number })[] = [];
  let [task, firstHop, hop] = [new Int32Array(16), new Int32Array(16), new Int32Array(64)];
  let [bytes, latency] = [new Float64Array(16), new Float64Array(16)];
  let flows = 0;

  function linkOf(id: number): GraphLink & { factor: number } {
    if (links[id] === undefined) {
      throw new RangeError(`Cannot use link ${id}: there are ${links.length} links`);
    }
    return links[id];
  }
  function check(row: FlowRow): void {
    if (!atLeastZero(row.bytes)) {
      throw new RangeError(`Cannot send ${row.bytes} bytes: wanted 0 or more`);
    }
    if (!atLeastZero(row.latencySeconds)) {
      throw new RangeError(
        `Cannot begin to send after ${row.latencySeconds} s: wanted 0 or more`,
      );
    }
    if (row.bytes > 0 && row.links.length === 0) {
      throw new RangeError(`Cannot send ${row.bytes} bytes over no link: wanted one or more`);
    }
    if (new Set(row.links).size < row.links.length) {
      throw new RangeError(`Cannot cross a link twice: the links are ${row.links.join(", ")}`);
    }
  }

  return {
    link({ name, bytesPerSecond }) {
      if (!(bytesPerSecond > 0 && bytesPerSecond < Infinity)) {
        throw new UserError(
          `Cannot make link "${name}" of ${bytesPerSecond} bytes/s: wanted more than 0`,
        );
      }
      return links.push({ name, bytesPerSecond, factor: 1 }) - 1;
    },
    scaleLink(id, factor) {
      const link = linkOf(id);
      if (!atLeastZero(factor)) {
        throw new UserError(`Cannot scale link "${link.name}" by ${factor}: wanted 0 or more`);
      }
      link.factor = factor;
    },
    add(of, row) {
      check(row);
      for (const id of row.links) linkOf(id);
      const begin = firstHop[flows];
      const end = begin + row.links.length;
      if (flows + 1 >= task.length) {
        [task, firstHop] = [grown(task), grown(firstHop)];
        [bytes, latency] = [grown(bytes), grown(latency)];
      }
      if (end > hop.length) hop = grown(hop, end);
      hop.set(row.links, begin);
      task[flows] = of;
      bytes[flows] = row.bytes;
      latency[flows] = row.latencySeconds;
      firstHop[++flows] = end;
      return flows - 1;
    },
    columns() {
      const capacity = Float64Array.from(links, (link) => link.bytesPerSecond * link.factor);
      return { flows, task, bytes, latency, firstHop, hop, capacity, links };
    },
  };
}
