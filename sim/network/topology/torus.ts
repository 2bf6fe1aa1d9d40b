/**
 * The cables of a torus: each place has one to either neighbour in every dimension, and messages go
 * along the dimensions in their order, the shorter way around each.
 *
 * A device's bandwidth is that of all of its cables together. A dimension of one place has none, and
 * in one of two places both cables lead to the same neighbour. Where the two ways are equally long,
 * messages from even coordinates go up and those from odd ones down, so that both are used.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import { linkFactor } from "../../cluster/faults.ts";
import { rankSpans } from "../../cluster/tiers.ts";
import { effectiveBandwidth } from "../link.ts";
import type { Links } from "./links.ts";

/** Cables of all places: of place p and dimension d, link 2 (p n + d) up and the next one down. */
export interface Torus extends Links {
  /** The cables that a message passes, in order. */
  between(from: number, to: number): number[];
}

/** The torus of a tier by its place. */
export function createTorus(at: number, cluster: Cluster): Torus {
  const { fabric, link, name } = cluster.tiers[at];
  if (fabric.kind !== "torus") throw new RangeError(`Cannot lay a torus: tier "${name}" is none`);
  const { dims } = fabric;
  const spans = rankSpans(cluster);
  const size = spans[at - 1] ?? 1;
  const places = dims.reduce((product, n) => product * n, 1);
  const total = places * Math.ceil(cluster.devices / spans[at]);
  const cables = 2 * dims.filter((n) => n > 1).length;
  const rate = size * effectiveBandwidth(link) / Math.max(1, cables);
  const capacities = new Array<number>(2 * dims.length * total).fill(rate);
  for (const { rank, tier } of cluster.linkFaults ?? []) {
    if (tier !== name) continue;
    const first = 2 * dims.length * Math.floor(rank / size);
    capacities.fill(rate * linkFactor({ rank, tier }, cluster), first, first + 2 * dims.length);
  }
  return {
    capacities,
    nameOf: (id) =>
      `${name} ${id % 2 === 0 ? "+" : "-"} in dimension ${Math.floor(id / 2) % dims.length} of ` +
      `place ${Math.floor(id / 2 / dims.length)}`,
    between(from, to) {
      const start = Math.floor(from / size);
      const base = start - start % places;
      let place = start % places;
      const target = Math.floor(to / size) % places;
      const links: number[] = [];
      let step = 1;
      for (const [d, n] of dims.entries()) {
        const wanted = Math.floor(target / step) % n;
        let here = Math.floor(place / step) % n;
        const up = (wanted - here + n) % n;
        const sign = 2 * up < n || (2 * up === n && here % 2 === 0) ? 1 : -1;
        for (; here !== wanted;) {
          links.push(2 * ((base + place) * dims.length + d) + (sign === 1 ? 0 : 1));
          const next = (here + sign + n) % n;
          place += (next - here) * step;
          here = next;
        }
        step *= n;
      }
      return links;
    },
  };
}
