/**
 * A cluster as a graph of links that flows share, and the way from one device to another.
 *
 * A link is one direction of a cable, or of several that work as one:
 *
 * - *ports*: every device has one up and one down at each scale-up tier, and one network card whose
 *   up and down all network tiers share;
 * - *trunks*: the cables between the parts of a tier, where they carry less than the ports below
 *   could offer (oversubscription); one up and one down for each part. The parts of a rail tier are
 *   its rails, devices of the same place in their nodes, and only traffic between rails passes them;
 * - *torus* cables: one a neighbour.
 *
 * A link's capacity is its bandwidth times the efficiency of its tier. Links are numbered without
 * being listed, and ways are found when they are asked for, so that a cluster of 16,384 devices
 * costs no more than one array of capacities. Where a port has failed, messages go around it: past
 * a neighbour's card, or over the tier around.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import { isNetwork, rankSpans } from "../../cluster/tiers.ts";
import type { Links } from "./links.ts";
import { createPorts } from "./ports.ts";
import { createTorus } from "./torus.ts";
import { createTrunks } from "./trunks.ts";

/** The way of a message. */
export interface Route {
  /** Ids of the links that it passes, in order. */
  links: readonly number[];
  /** Seconds until its first byte arrives. */
  latencySeconds: number;
}

/** A graph of links; see the module. */
export interface Topology {
  /** What it is of. */
  cluster: Cluster;
  /** Bytes a second of every link, by id. */
  capacities: Float64Array;
  /**
   * The way from one rank to another; no links and no latency to itself.
   *
   * @throws {UserError} where ports have failed and no way is left.
   * @throws {RangeError} for a rank beyond the cluster.
   */
  route(from: number, to: number): Route;
  /** What a link is, in words. */
  nameOf(link: number): string;
}

/**
 * The graph of a cluster.
 *
 * @example
 * ```ts
 * import { createTopology, parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const topology = createTopology(parseCluster("h100:16"));
 * assertEquals(topology.route(1, 9).links.map(topology.nameOf), [
 *   "nic up of rank 1",
 *   "nic down of rank 9",
 * ]);
 * ```
 */
export function createTopology(cluster: Cluster): Topology {
  const { tiers, devices, id } = cluster;
  const spans = rankSpans(cluster);
  const parts: { links: Links; first: number }[] = [];
  const capacities: number[] = [];
  const add = <L extends Links>(links: L): L & { first: number } => {
    const part = { ...links, first: capacities.length };
    parts.push({ links, first: capacities.length });
    for (const capacity of links.capacities) capacities.push(capacity);
    return part;
  };
  const ports = tiers.map((tier, at) =>
    tier.fabric.kind === "torus" || (isNetwork(tier) && at > 0 && isNetwork(tiers[at - 1]))
      ? undefined
      : add(createPorts(at, cluster))
  );
  const trunks = tiers.map((_, at) => add(createTrunks(at, cluster)));
  const torus = tiers.map((tier, at) =>
    tier.fabric.kind === "torus" ? add(createTorus(at, cluster)) : undefined
  );

  const portsOf = (tier: number) => ports.findLast((part, at) => at <= tier && part !== undefined)!;
  const latency = (tier: number) => tiers[tier].link.latencySeconds;

  /** The links between ranks whose innermost common tier is `tier` or further in. */
  function straight(from: number, to: number, tier: number): Route | undefined {
    const grid = torus[tier];
    if (grid) {
      const links = grid.between(from, to).map((link) => grid.first + link);
      return { links, latencySeconds: latency(tier) };
    }
    const { first, alive } = portsOf(tier);
    if (!alive(from) || !alive(to)) return undefined;
    const up = [first + 2 * from];
    const down = [first + 2 * to + 1];
    for (let at = 0; at <= tier; at++) {
      if (at < tier && !(isNetwork(tiers[at]) && isNetwork(tiers[tier]))) continue;
      const pair = trunks[at].between(from, to, at === tier);
      if (pair === undefined) continue;
      up.push(trunks[at].first + pair.up);
      down.unshift(trunks[at].first + pair.down);
    }
    return { links: [...up, ...down], latencySeconds: latency(tier) };
  }

  /** A neighbour of `rank` whose card works, and the rank itself if its own does. */
  function proxyOf(rank: number, tier: number): number | undefined {
    const { alive } = portsOf(tier);
    if (alive(rank)) return rank;
    const node = spans[tiers.findLastIndex((t) => !isNetwork(t))] ?? 1;
    const base = Math.floor(rank / node) * node;
    for (let i = 1; i < node; i++) {
      const other = base + (rank - base + i) % node;
      if (other < devices && alive(other) && inside(rank, other)) return other;
    }
  }

  /** The way between two ranks of a node. */
  function inside(from: number, to: number): Route | undefined {
    for (let at = 0; at < tiers.length && !isNetwork(tiers[at]); at++) {
      if (Math.floor(from / spans[at]) !== Math.floor(to / spans[at])) continue;
      const route = straight(from, to, at);
      if (route) return route;
    }
  }

  function network(from: number, to: number, tier: number): Route | undefined {
    const [exit, entry] = [proxyOf(from, tier), proxyOf(to, tier)];
    if (exit === undefined || entry === undefined) return undefined;
    const legs = [
      exit === from ? undefined : inside(from, exit),
      straight(exit, entry, tier),
      entry === to ? undefined : inside(entry, to),
    ].filter((leg) => leg !== undefined);
    return {
      links: legs.flatMap((leg) => leg.links),
      latencySeconds: legs.reduce((sum, leg) => sum + leg.latencySeconds, 0),
    };
  }

  return {
    cluster,
    capacities: Float64Array.from(capacities),
    nameOf(link) {
      const part = parts.findLast(({ first }) => first <= link)!;
      return part.links.nameOf(link - part.first);
    },
    route(from, to) {
      if (!(from >= 0 && to >= 0 && Math.max(from, to) < devices)) {
        throw new RangeError(
          `Cannot send from rank ${from} to ${to}: wanted ranks from 0 to ${devices - 1}`,
        );
      }
      if (from === to) return { links: [], latencySeconds: 0 };
      const common = spans.findIndex((n) => Math.floor(from / n) === Math.floor(to / n));
      for (let tier = common; tier < tiers.length; tier++) {
        const route = isNetwork(tiers[tier]) ? network(from, to, tier) : straight(from, to, tier);
        if (route) return route;
      }
      throw new UserError(
        `Cannot send from rank ${from} to rank ${to} of cluster "${id}": every port between them ` +
          `has failed, wanted one that works`,
      );
    },
  };
}
