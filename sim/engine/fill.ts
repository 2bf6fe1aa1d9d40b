/**
 * Progressive filling: the rates of all flows rise together; when a link is full, the flows over it
 * have their rate, and the others rise on.
 *
 * The link that is full next is the one with the least of what is left for each flow whose rate is
 * still open. That share never falls while other links fill, so a heap with old shares is enough: a
 * link that comes up with more than it was put down for is put back. A fill of H hops over L links
 * costs H log L.
 *
 * @module
 */
import type { FlowColumns } from "./flow_table.ts";
import type { LinkLists } from "./link_lists.ts";
import { addTime, createTimeHeap, leastTime, takeLeast } from "./time_heap.ts";

/** Shares the links that flows connect with the links given, and gives each flow's rate. */
export type Fill = (links: readonly number[], give: (flow: number, rate: number) => void) => void;

/** Makes a fill of the flows that are on the lists at the time of its call. */
export function createFill(columns: FlowColumns, members: LinkLists): Fill {
  const { flows, firstHop, hop, capacity } = columns;
  const { count, head, next, flow: flowOf } = members;
  const left = new Float64Array(capacity.length);
  const open = new Int32Array(capacity.length);
  // The round in which a link was found, and in which a flow was; a flow's is negative once it has
  // its rate.
  const [linkRound, flowRound] = [new Int32Array(capacity.length), new Int32Array(flows)];
  const shares = createTimeHeap();
  let round = 0;

  /** The links that flows connect with those given, each with all of its bandwidth left. */
  function connected(from: readonly number[]): number[] {
    const found: number[] = [];
    const add = (link: number) => {
      if (linkRound[link] === round || count[link] === 0) return;
      linkRound[link] = round;
      left[link] = capacity[link];
      open[link] = count[link];
      found.push(link);
    };
    from.forEach(add);
    for (let i = 0; i < found.length; i++) {
      for (let at = head[found[i]]; at >= 0; at = next[at]) {
        const flow = flowOf[at];
        if (flowRound[flow] === round) continue;
        flowRound[flow] = round;
        for (let other = firstHop[flow]; other < firstHop[flow + 1]; other++) add(hop[other]);
      }
    }
    return found;
  }

  return (links, give) => {
    round++;
    for (const link of connected(links)) addTime(shares, left[link] / open[link], link);
    let level = 0;
    for (;;) {
      const was = leastTime(shares);
      const link = takeLeast(shares);
      if (link < 0) break;
      if (open[link] === 0) continue;
      // Rounding could let a share fall below what others got already; the level never does.
      const share = Math.max(level, left[link] / open[link]);
      if (share > was && share > leastTime(shares)) {
        addTime(shares, share, link);
        continue;
      }
      level = share;
      for (let at = head[link]; at >= 0; at = next[at]) {
        const flow = flowOf[at];
        if (flowRound[flow] !== round) continue;
        flowRound[flow] = -round;
        for (let other = firstHop[flow]; other < firstHop[flow + 1]; other++) {
          left[hop[other]] -= share;
          open[hop[other]]--;
        }
        give(flow, share);
      }
    }
  };
}
