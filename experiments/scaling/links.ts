/**
 * A cluster with a faster or slower network.
 *
 * @module
 */
import type { Cluster } from "../../sim/cluster/cluster.ts";
import { isNetwork } from "../../sim/cluster/tiers.ts";

/** The cluster with so many times the bandwidth in every tier of its network. */
export function clusterWithLinks(cluster: Cluster, factor: number): Cluster {
  return {
    ...cluster,
    tiers: cluster.tiers.map((tier) => {
      const { link } = tier;
      const bandwidthBytesPerSecond = factor * link.bandwidthBytesPerSecond;
      return isNetwork(tier) ? { ...tier, link: { ...link, bandwidthBytesPerSecond } } : tier;
    }),
  };
}
