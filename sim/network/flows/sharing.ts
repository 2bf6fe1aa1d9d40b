/**
 * The tables of progressive filling: links renumbered from 0 and the links of all flows in one array,
 * so that rates can be filled again and again while flows come and go, at a cost that follows the
 * flows that run.
 *
 * @module
 */

/** What of a flow decides its rate. */
export interface SharedFlow {
  /** Ids of the links that it passes, each once; without any it runs at infinite rate. */
  links: readonly number[];
  /** How many equal flows it stands for, 1 unless given; the rate is of one of them. */
  count?: number;
}

/** Flows over links; see the module. */
export interface Sharing {
  /** Where each flow's links begin in `links`, and one end more. */
  linksFrom: Int32Array;
  /** Links of all flows, one flow after the other. */
  links: Int32Array;
  /** The flow at each place of `links`. */
  flowAt: Int32Array;
  /** Next place of `links` with the same link and a flow that runs, -1 after the last. */
  nextPlace: Int32Array;
  /** Equal flows that each stands for. */
  counts: Float64Array;
  /** Capacity of each link. */
  capacities: Float64Array;
  /** Rate of each flow, as last filled; 0 until then. */
  rates: Float64Array;
}

/** The tables of some flows. */
export function createSharing(
  flows: readonly SharedFlow[],
  capacities: ArrayLike<number>,
): Sharing {
  const places = new Map<number, number>();
  const linksFrom = new Int32Array(flows.length + 1);
  flows.forEach((flow, at) => linksFrom[at + 1] = linksFrom[at] + flow.links.length);
  const links = new Int32Array(linksFrom[flows.length]);
  const used: number[] = [];
  flows.forEach((flow, at) =>
    flow.links.forEach((id, i) => {
      let place = places.get(id);
      if (place === undefined) {
        if (!(capacities[id] >= 0)) {
          throw new RangeError(
            `Cannot share link ${id} of capacity ${capacities[id]}: wanted 0 or more`,
          );
        }
        places.set(id, place = used.length);
        used.push(capacities[id]);
      }
      links[linksFrom[at] + i] = place;
    })
  );
  const flowAt = new Int32Array(links.length);
  flows.forEach((_, flow) => flowAt.fill(flow, linksFrom[flow], linksFrom[flow + 1]));
  return {
    linksFrom,
    links,
    flowAt,
    nextPlace: new Int32Array(links.length),
    counts: Float64Array.from(flows, ({ count = 1 }) => count),
    capacities: Float64Array.from(used),
    rates: new Float64Array(flows.length),
  };
}

/** Shares within this part of each other count as equal: far above rounding, far below a cause. */
const SAME = 1e-12;

/** Fills `sharing.rates` for the flows that run; those of others are left as they are. */
export function fillRates(sharing: Sharing, running: readonly number[]): void {
  const { linksFrom, links, flowAt, nextPlace, counts, rates } = sharing;
  const left = sharing.capacities.slice();
  const open = new Float64Array(left.length);
  const firstPlace = new Int32Array(left.length).fill(-1);
  const openLinks: number[] = [];
  for (const flow of running) {
    // A flow that still grows has a rate below 0.
    rates[flow] = linksFrom[flow] === linksFrom[flow + 1] ? Infinity : -1;
    for (let i = linksFrom[flow]; i < linksFrom[flow + 1]; i++) {
      const link = links[i];
      if (firstPlace[link] === -1) openLinks.push(link);
      open[link] += counts[flow];
      nextPlace[i] = firstPlace[link];
      firstPlace[link] = i;
    }
  }
  let stillOpen = openLinks.length;
  while (stillOpen > 0) {
    let lowest = Infinity;
    let kept = 0;
    for (let k = 0; k < stillOpen; k++) {
      const link = openLinks[k];
      if (open[link] <= 0) continue;
      openLinks[kept++] = link;
      lowest = Math.min(lowest, left[link] / open[link]);
    }
    stillOpen = kept;
    const limit = lowest * (1 + SAME);
    for (let k = 0; k < stillOpen; k++) {
      const full = openLinks[k];
      if (!(left[full] / open[full] <= limit)) continue;
      for (let place = firstPlace[full]; place !== -1; place = nextPlace[place]) {
        const flow = flowAt[place];
        if (rates[flow] >= 0) continue;
        rates[flow] = lowest;
        for (let i = linksFrom[flow]; i < linksFrom[flow + 1]; i++) {
          left[links[i]] = Math.max(0, left[links[i]] - counts[flow] * lowest);
          open[links[i]] -= counts[flow];
        }
      }
    }
  }
}
