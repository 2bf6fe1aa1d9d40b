/**
 * Ports in an exchange of all with all.
 *
 * @module
 */
import type { Fabric } from "../fabric.ts";
import type { Group } from "./group.ts";

/** Bytes a second of a tier's port (by its place) when all ranks send to all. */
export function exchangeRate(tier: number, group: Group, fabric: Fabric): number {
  const { bandwidthBytesPerSecond, exchangeShare, oversubscription } = fabric.tiers[tier];
  const sharing = tier === 0 ? 1 : group.sharing ?? 1;
  return bandwidthBytesPerSecond * exchangeShare / (oversubscription * sharing);
}
