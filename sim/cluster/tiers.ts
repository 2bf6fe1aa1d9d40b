/**
 * Who shares a domain with whom.
 *
 * @module
 */
import type { Link } from "../network/link.ts";
import type { Cluster, Tier } from "./cluster.ts";

/** Ranks that lie at equal distances: `first`, `first + stride`, and so on. */
export interface RankGroup {
  /** Number of ranks. */
  size: number;
  /** From one to the next. */
  stride: number;
  /** The first, 0 unless given. */
  first?: number;
}

/** How a group lies over the domains of a tier. */
export interface Spread {
  /** Domains with at least one member. */
  domains: number;
  /** Members in the fullest domain. */
  most: number;
  /** Members in the emptiest of these domains. */
  least: number;
}

/** The ranks of a group, in order. */
export function ranksOfGroup({ size, stride, first = 0 }: RankGroup): number[] {
  return Array.from({ length: size }, (_, i) => first + i * stride);
}

/**
 * Ranks of one domain of each tier. That is the tier's span, except in a cluster whose devices do
 * not fill whole domains of a tier with a `usedSpan`: there each domain holds so many ranks, and
 * the domains around it shrink with it.
 *
 * @example
 * ```ts
 * import { parseCluster, rankSpans } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rankSpans(parseCluster("gb200:72"))[0], 72);
 * assertEquals(rankSpans(parseCluster("gb200:256"))[0], 64);
 * ```
 */
export function rankSpans({ tiers, devices }: Cluster): number[] {
  let shrink = 1;
  return tiers.map(({ span, usedSpan }, at) => {
    if (usedSpan !== undefined && devices > span && devices % span !== 0) shrink = usedSpan / span;
    return at === tiers.length - 1 ? Math.max(devices, span) : span * shrink;
  });
}

/** The domain of a tier (by its place from the inside) that a rank is in. */
export function domainOf(rank: number, tier: number, cluster: Cluster): number {
  return Math.floor(rank / rankSpans(cluster)[tier]);
}

/**
 * Place of the innermost tier with both ranks in one domain.
 *
 * @throws {RangeError} for a rank beyond the cluster.
 *
 * @example
 * ```ts
 * import { parseCluster, tierBetween } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const cluster = parseCluster("h100:16");
 * assertEquals([tierBetween(0, 7, cluster), tierBetween(0, 8, cluster)], [0, 1]);
 * ```
 */
export function tierBetween(a: number, b: number, cluster: Cluster): number {
  const at = rankSpans(cluster).findIndex((span) => Math.floor(a / span) === Math.floor(b / span));
  if (at >= 0 && Math.max(a, b) < cluster.devices) return at;
  throw new RangeError(
    `Cannot link rank ${a} with rank ${b}: wanted ranks below ${cluster.devices}`,
  );
}

/** How a group lies over the domains of a tier. */
export function spreadOf(group: RankGroup, tier: number, cluster: Cluster): Spread {
  const span = rankSpans(cluster)[tier];
  const members = new Map<number, number>();
  for (const rank of ranksOfGroup(group)) {
    const domain = Math.floor(rank / span);
    members.set(domain, (members.get(domain) ?? 0) + 1);
  }
  const counts = [...members.values()];
  return { domains: counts.length, most: Math.max(...counts), least: Math.min(...counts) };
}

/**
 * Members of a group in the fullest domain of a tier.
 *
 * @example
 * ```ts
 * import { membersInDomain, parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const cluster = parseCluster("h100:64");
 * assertEquals(membersInDomain({ size: 16, stride: 4 }, 0, cluster), 2);
 * ```
 */
export function membersInDomain(group: RankGroup, tier: number, cluster: Cluster): number {
  return spreadOf(group, tier, cluster).most;
}

/** Whether a tier passes the network card of its devices. */
export function isNetwork(tier: Tier): boolean {
  return tier.fabric.kind === "rail" || tier.fabric.kind === "fat-tree";
}

/**
 * Place of the tier whose domains are the nodes: the outermost one that is no network, or -1 where
 * every device has the network alone and is a node of its own.
 */
export function nodeTier({ tiers }: Cluster): number {
  return tiers.findLastIndex((tier) => !isNetwork(tier));
}

/**
 * Ranks of a node.
 *
 * @example
 * ```ts
 * import { devicesPerNode, nodeOf, parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const cluster = parseCluster("h100:16");
 * assertEquals([devicesPerNode(cluster), nodeOf(9, cluster)], [8, 1]);
 * ```
 */
export function devicesPerNode(cluster: Cluster): number {
  return rankSpans(cluster)[nodeTier(cluster)] ?? 1;
}

/** The node that a rank is on. */
export function nodeOf(rank: number, cluster: Cluster): number {
  return Math.floor(rank / devicesPerNode(cluster));
}

/** The link inside a node: that of its outermost tier, which all of its devices share. */
export function intraNodeLink(cluster: Cluster): Link {
  return cluster.tiers[Math.max(0, nodeTier(cluster))].link;
}

/** The link between neighbouring nodes, or inside the one node where there is no network. */
export function interNodeLink({ tiers }: Cluster): Link {
  return (tiers.find(isNetwork) ?? tiers[tiers.length - 1]).link;
}
