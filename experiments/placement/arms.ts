/**
 * The placements that are compared.
 *
 * @module
 */
import type { PlacementMethod } from "../../sim/placement/place_experts.ts";

/** A placement that is compared. */
export interface Arm {
  /** As tables name it. */
  name: string;
  /** How. */
  method: PlacementMethod;
  /** Redundant experts of a rank. */
  redundantPerRank: number;
}

const arm = (method: PlacementMethod, redundantPerRank = 0): Arm => ({
  name: redundantPerRank === 0 ? method : `${method}, ${redundantPerRank} redundant a rank`,
  ...{ method, redundantPerRank },
});

/** The placement that others are held against. */
export const plainArm: Arm = arm("contiguous");

/** All placements, with replicas where they are asked for. */
export function armsOf(redundantPerRank: readonly number[]): Arm[] {
  return [
    plainArm,
    ...(["random", "longest-first", "swaps", "hierarchical"] as const).map((method) => arm(method)),
    ...redundantPerRank.flatMap((more) => [arm("swaps", more), arm("hierarchical", more)]),
  ];
}
