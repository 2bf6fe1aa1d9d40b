/**
 * Rings over the tiers of a fabric.
 *
 * A ring that enters and leaves a domain passes one port of it. With L members in a domain a library
 * lays L rings, each of which leaves by another member's port, and gives each an L-th of the bytes:
 * so the ports of a domain work in parallel, and the rate is the least of the inner port's and L
 * times the outer port's. The last piece to arrive has taken n - 1 of the ring's n steps, all of those
 * between domains among them.
 *
 * @module
 */
import type { Fabric, FabricTier } from "../fabric.ts";
import { type Group, membersInTier } from "./group.ts";

/** Bytes a second of a port of which `sharing` groups have an equal part. */
export function portRate(tier: FabricTier, sharing: number): number {
  return tier.bandwidthBytesPerSecond / (tier.oversubscription * sharing);
}

/**
 * Steps of a ring of `ranks` that cross a tier: `below` members share a domain of the tier inside,
 * `members` one of the tier itself.
 */
export function ringSteps(ranks: number, below: number, members: number): number {
  return ranks / below - (members === ranks ? 0 : ranks / members);
}

/** Seconds of once around the ring with `bytes` past each port, by the cheaper protocol; no launch. */
export function ringSeconds(bytes: number, group: Group, fabric: Fabric): number {
  const { ranks, sharing = 1 } = group;
  let bulk = 0;
  let low = 0;
  let share = 1;
  let rate = Infinity;
  let own = 1;
  let below = 1;
  for (let at = 0; below < ranks; at++) {
    const tier = fabric.tiers[at];
    const members = membersInTier(group, at, fabric);
    if (members > below) {
      rate = Math.min(rate, portRate(tier, at === 0 ? 1 : sharing) * below);
      // The step that a piece need not take is one of the innermost.
      const steps = ringSteps(ranks, below, members) - own;
      own = 0;
      bulk += steps * tier.latencySeconds;
      low += steps * tier.lowLatencySeconds;
      share = tier.lowLatencyShare;
    }
    below = members;
  }
  const wire = bytes / rate;
  return Math.min(bulk + wire, low + wire / share);
}
