/**
 * The cables between the parts of a tier, where they carry less than the ports below could offer.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import { devicesPerNode, isNetwork, rankSpans } from "../../cluster/tiers.ts";
import { effectiveBandwidth } from "../link.ts";
import type { Links } from "./links.ts";

/** Trunks of a tier: of part p, link 2 p up and link 2 p + 1 down. */
export interface Trunks extends Links {
  /** What a message passes; `top` says that it goes no further out than this tier. */
  between(from: number, to: number, top: boolean): { up: number; down: number } | undefined;
}

const none: Trunks = { capacities: [], nameOf: () => "", between: () => undefined };

/** The trunks of a tier by its place, none where they never bind. */
export function createTrunks(at: number, cluster: Cluster): Trunks {
  const { tiers, devices } = cluster;
  const { fabric, link, name } = tiers[at];
  if (fabric.kind === "torus") return none;
  const port = isNetwork(tiers[at]) ? tiers.find(isNetwork)! : tiers[at];
  const rate = effectiveBandwidth(link) / (fabric.oversubscription ?? 1);
  if (rate >= effectiveBandwidth(port.link)) return none;

  const spans = rankSpans(cluster);
  const rails = fabric.kind === "rail";
  const node = devicesPerNode(cluster);
  const size = rails ? spans[at] / node : spans[at - 1] ?? 1;
  const domains = Math.ceil(devices / spans[at]);
  const parts = rails ? domains * node : Math.ceil(devices / size);
  const partOf = (rank: number) =>
    rails ? Math.floor(rank / spans[at]) * node + rank % node : Math.floor(rank / size);
  return {
    capacities: new Array<number>(2 * parts).fill(size * rate),
    nameOf: (id) =>
      `${name} ${id % 2 === 0 ? "up" : "down"} of ${rails ? "rail" : "part"} ${Math.floor(id / 2)}`,
    between(from, to, top) {
      const [up, down] = [partOf(from), partOf(to)];
      return up === down || (rails && !top) ? undefined : { up: 2 * up, down: 2 * down + 1 };
    },
  };
}
