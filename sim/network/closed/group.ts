/**
 * Groups of ranks as the closed forms see them: equal distances, so that two numbers say where the
 * members are.
 *
 * @module
 */
import type { Fabric } from "../fabric.ts";

/** A group of ranks at equal distances. */
export interface Group {
  /** Members. */
  ranks: number;
  /** Members in one innermost domain. */
  perDomain: number;
  /** Devices from one member to the next; `span / perDomain` of the innermost tier unless given. */
  stride?: number;
  /** Groups that use each of these ports beside this one, itself included; 1 unless given. */
  sharing?: number;
}

/**
 * Members in one domain of a tier, by its place.
 *
 * @example
 * ```ts
 * import { compileFabric, membersInTier, parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const fabric = compileFabric(parseCluster("h100:64"));
 * assertEquals(membersInTier({ ranks: 16, perDomain: 2 }, 0, fabric), 2);
 * assertEquals(membersInTier({ ranks: 16, perDomain: 2 }, 1, fabric), 16);
 * ```
 */
export function membersInTier(group: Group, tier: number, fabric: Fabric): number {
  const { ranks, perDomain } = group;
  if (perDomain >= ranks || tier >= fabric.tiers.length - 1) return ranks;
  if (tier === 0) return perDomain;
  const stride = group.stride ?? Math.max(1, Math.floor(fabric.tiers[0].span / perDomain));
  return Math.min(ranks, Math.max(perDomain, Math.floor(fabric.tiers[tier].span / stride)));
}

/** Place of the outermost tier that the group crosses. */
export function outerTier(group: Group, fabric: Fabric): number {
  let tier = 0;
  while (tier < fabric.tiers.length - 1 && membersInTier(group, tier, fabric) < group.ranks) tier++;
  return tier;
}

/**
 * The group of `ranks` members at `stride` devices from each other.
 *
 * @example
 * ```ts
 * import { compileFabric, groupAt, parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const fabric = compileFabric(parseCluster("h100:64"));
 * assertEquals(groupAt(fabric, { ranks: 16, stride: 4 }), { ranks: 16, perDomain: 2, stride: 4 });
 * ```
 */
export function groupAt(
  fabric: Fabric,
  { ranks, stride }: { ranks: number; stride: number },
): Group {
  const fit = Math.floor(fabric.tiers[0].span / stride);
  return { ranks, perDomain: Math.max(1, Math.min(ranks, fit)), stride };
}
