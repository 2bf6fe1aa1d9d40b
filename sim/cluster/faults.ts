/**
 * What is slow or broken in a cluster.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { nodeOf } from "./tiers.ts";

/**
 * Share of its profile's speed at which a rank computes, 1 where nothing slows it.
 *
 * @example
 * ```ts
 * import { computeFactor, parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const cluster = parseCluster("h100:16,slow.3=0.8,slow.node1=0.5");
 * assertEquals([2, 3, 9].map((rank) => computeFactor(rank, cluster)), [1, 0.8, 0.5]);
 * ```
 */
export function computeFactor(rank: number, cluster: Cluster): number {
  const { slow = [] } = cluster;
  if (slow.length === 0) return 1;
  const node = nodeOf(rank, cluster);
  return slow.reduce(
    (product, part) =>
      ("rank" in part ? part.rank === rank : part.node === node) ? product * part.factor : product,
    1,
  );
}

/** Share of a tier's bandwidth (by its name) that the port of a rank still has; 0: it failed. */
export function linkFactor(port: { rank: number; tier: string }, cluster: Cluster): number {
  return (cluster.linkFaults ?? []).reduce(
    (product, fault) =>
      fault.rank === port.rank && fault.tier === port.tier ? product * fault.factor : product,
    1,
  );
}
