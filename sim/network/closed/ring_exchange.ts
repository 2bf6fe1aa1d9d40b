/**
 * Neighbours around a ring pass on what they hold, step by step (Ring Attention, arXiv 2310.01889,
 * section 3).
 *
 * One ring lies through all members in their order, so that of a domain's ports the last member's alone
 * sends out of it, whereas a collective of a library lays a ring through each port (`ring.ts`). A step
 * is a message from every rank to the next, and all wait for the slowest of them: between domains where
 * the ring has several. Where a tier is oversubscribed it carries one such message for each of a
 * domain's rings, which are as many as the domain's devices over the members of one ring.
 *
 * @module
 */
import type { Fabric } from "../fabric.ts";
import { type Group, membersInTier } from "./group.ts";

/**
 * Seconds of one step around a ring in which every rank sends `bytes` to the next, 0 for none.
 *
 * @example Two nodes: every step waits for the message between them
 * ```ts
 * import { bareSoftware, compileFabric, parseCluster, ringStepSeconds } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const fabric = compileFabric(parseCluster("h100:16"), { software: bareSoftware });
 * const [, { latencySeconds, bandwidthBytesPerSecond }] = fabric.tiers;
 * assertEquals(
 *   ringStepSeconds(1e8, { ranks: 16, perDomain: 8 }, fabric),
 *   latencySeconds + 1e8 / bandwidthBytesPerSecond,
 * );
 * ```
 */
export function ringStepSeconds(bytes: number, group: Group, fabric: Fabric): number {
  const { ranks, sharing = 1 } = group;
  if (ranks < 2 || bytes === 0) return 0;
  let slowest = 0;
  let below = 1;
  for (let at = 0; below < ranks; at++) {
    const tier = fabric.tiers[at];
    const members = membersInTier(group, at, fabric);
    if (members > below) {
      const crowd = Math.max(1, tier.oversubscription / below) * (at === 0 ? 1 : sharing);
      const wire = bytes * crowd / (tier.bandwidthBytesPerSecond * tier.sendShare);
      const step = Math.min(
        tier.latencySeconds + wire,
        tier.lowLatencySeconds + wire / tier.lowLatencyShare,
      );
      slowest = Math.max(slowest, step);
    }
    below = members;
  }
  return fabric.sendLaunchSeconds + slowest;
}

/** Seconds until what each of the ranks brings, `bytes`, has been with all of them. */
export function ringExchangeSeconds(bytes: number, group: Group, fabric: Fabric): number {
  return (group.ranks - 1) * ringStepSeconds(bytes, group, fabric);
}
