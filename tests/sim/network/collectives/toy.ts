/** Small clusters whose times can be followed on paper. */
import { parseCluster } from "../../../../sim/cluster/parse.ts";
import type { Collective } from "../../../../sim/network/collectives/collective.ts";
import { bytesOfRanks } from "../../../../sim/network/collectives/collective.ts";
import { runCollective } from "../../../../sim/network/flows/run_collective.ts";
import { createTopology, type Topology } from "../../../../sim/network/topology/topology.ts";

/** Nodes of `node` devices at 100 GB/s after 1 us, 10 GB/s after 2 us between them. */
export function toyTopology(
  devices: number,
  options: { node?: number; nic?: number; nvlink?: number; more?: string } = {},
): Topology {
  const { node = 4, nic = 10, nvlink = 100, more = "" } = options;
  return createTopology(parseCluster(
    `h100:${devices},node=${node},nvlink=${nvlink}GB/s,nic=${nic}GB/s,latency.nvlink=1us,` +
      `latency.nic=2us,efficiency.nvlink=1,efficiency.nic=1${more}`,
  ));
}

/** Seconds of a collective alone. */
export const secondsOf = (collective: Collective, topology: Topology) =>
  runCollective(collective, topology).seconds;

/** Whole numbers from 0. */
export const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Sum of all bytes that are sent, and of all that are received. */
export function totals(collective: Collective): { sent: number; received: number } {
  const { sent, received } = bytesOfRanks(collective);
  const sum = (map: Map<number, number>) => [...map.values()].reduce((a, b) => a + b, 0);
  return { sent: sum(sent), received: sum(received) };
}
