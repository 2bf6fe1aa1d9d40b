/**
 * All-reduce in closed form: ring, tree, in switches, in two levels, and the best of what a library
 * would choose.
 *
 * `bytes` is what every rank holds before and after. S bytes over n ranks, L of them in a domain:
 *
 * - *ring*: 2 (n - 1) steps, 2 (n - 1)/n S past each port (reduce-scatter, then all-gather).
 * - *tree*: a chain through each domain and a binary tree over the domains, up and down, in small
 *   pieces: 2 (L - 1 + log2 of the domains) steps and 2 S past each port (Sanders, Speck, Träff,
 *   "Two-tree algorithms for full bandwidth broadcast, reduction and scan", 2009).
 * - *switch* (NCCL's NVLS and NVLSTree): the switch of a domain adds up what its members hold and
 *   one member keeps each L-th, which the switch later copies to all: 2 steps, S + S/L past each port.
 *   Between, the N domains reduce these pieces over trees: 2 log2 N steps, 2 (N - 1)/N S/L past each
 *   port. Both go on side by side in small pieces.
 * - *two-level*: reduce-scatter inside, all-reduce across, all-gather inside, one after the other.
 *
 * @module
 */
import type { Fabric } from "../fabric.ts";
import { type Group, membersInTier, outerTier } from "./group.ts";
import { portRate, ringSeconds, ringSteps } from "./ring.ts";

/** Steps from a leaf of a binary tree to its root: the logarithm to base 2, rounded up. */
function stepsToRoot(parts: number): number {
  return 32 - Math.clz32(Math.ceil(parts) - 1);
}

/** By rings, by trees, or by the better of the two: one pass over the tiers for both. */
function byRanks(how: "ring" | "tree" | "both", bytes: number, group: Group, fabric: Fabric) {
  const { ranks, sharing = 1 } = group;
  if (ranks < 2) return 0;
  let [ring, ringLow, tree, treeLow] = [0, 0, 0, 0];
  let share = 1;
  let rate = Infinity;
  let own = 1;
  let below = 1;
  for (let at = 0; below < ranks; at++) {
    const tier = fabric.tiers[at];
    const members = membersInTier(group, at, fabric);
    if (members > below) {
      rate = Math.min(rate, portRate(tier, at === 0 ? 1 : sharing) * below);
      const around = ringSteps(ranks, below, members) - own;
      // Inside a domain a tree is a chain, unless it has no outside.
      const parts = members / below;
      const up = at === 0 && members < ranks ? parts - 1 : stepsToRoot(parts);
      ring += around * tier.latencySeconds;
      ringLow += around * tier.lowLatencySeconds;
      tree += up * tier.latencySeconds;
      treeLow += up * tier.lowLatencySeconds;
      share = tier.lowLatencyShare;
      own = 0;
    }
    below = members;
  }
  const wire = bytes / rate;
  const past = wire * (ranks - 1) / ranks;
  const byRing = Math.min(ring + past, ringLow + past / share);
  const byTree = Math.min(tree + wire, treeLow + wire / share);
  return 2 * (how === "ring" ? byRing : how === "tree" ? byTree : Math.min(byRing, byTree));
}

/** All-reduce around rings: seconds without the launch. */
export function ringAllReduceSeconds(bytes: number, group: Group, fabric: Fabric): number {
  return byRanks("ring", bytes, group, fabric);
}

/** All-reduce up and down trees: seconds without the launch. */
export function treeAllReduceSeconds(bytes: number, group: Group, fabric: Fabric): number {
  return byRanks("tree", bytes, group, fabric);
}

/**
 * All-reduce in the switches of the innermost domains: seconds without the launch; Infinity where
 * they do not reduce or a domain has fewer than three members, which libraries leave to rings.
 */
export function switchAllReduceSeconds(bytes: number, group: Group, fabric: Fabric): number {
  const tier = fabric.tiers[0];
  const members = membersInTier(group, 0, fabric);
  if (tier.reductionShare === 0 || members < 3) return Infinity;
  const rate = tier.bandwidthBytesPerSecond * tier.reductionShare;
  const inside = bytes * (1 + 1 / members) / rate;
  const outer = outerTier(group, fabric);
  if (outer === 0) return 2 * tier.latencySeconds + inside;
  const domains = group.ranks / members;
  const port = portRate(fabric.tiers[outer], group.sharing ?? 1);
  const across = 2 * (domains - 1) / domains * bytes / members / port;
  const latency = tier.latencySeconds + stepsToRoot(domains) * fabric.tiers[outer].latencySeconds;
  return 2 * latency + Math.max(inside, across);
}

/** All-reduce in two levels, one after the other: seconds without the launch. */
export function twoLevelAllReduceSeconds(bytes: number, group: Group, fabric: Fabric): number {
  const inner = Math.min(group.perDomain, group.ranks);
  if (inner === 1 || inner === group.ranks) return ringAllReduceSeconds(bytes, group, fabric);
  const within: Group = { ranks: inner, perDomain: inner, stride: group.stride };
  const across: Group = {
    ranks: Math.ceil(group.ranks / inner),
    perDomain: 1,
    stride: Math.max(fabric.tiers[0].span, (group.stride ?? 1) * inner),
    sharing: group.sharing,
  };
  return 2 * ringSeconds(bytes * (inner - 1) / inner, within, fabric) +
    ringAllReduceSeconds(bytes / inner, across, fabric);
}

/**
 * Seconds of an all-reduce of `bytes` on every rank, by the best of ring, tree and switches.
 *
 * @example
 * ```ts
 * import { allReduceSeconds, compileFabric, parseCluster } from "@moelab/moelab/sim";
 * import { assert } from "@std/assert";
 *
 * const fabric = compileFabric(parseCluster("h100:16"));
 * const inside = allReduceSeconds(2 ** 28, { ranks: 8, perDomain: 8 }, fabric);
 * const alone = allReduceSeconds(2 ** 28, { ranks: 2, perDomain: 1 }, fabric);
 * assert(inside < alone);
 * ```
 */
export function allReduceSeconds(bytes: number, group: Group, fabric: Fabric): number {
  if (group.ranks < 2 || bytes === 0) return 0;
  const bySwitch = switchAllReduceSeconds(bytes, group, fabric);
  return fabric.launchSeconds + Math.min(byRanks("both", bytes, group, fabric), bySwitch);
}
