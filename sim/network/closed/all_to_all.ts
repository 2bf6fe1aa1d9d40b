/**
 * All-to-all in closed form: every rank sends `bytes` in all, an n-th of them to each rank, the share
 * for itself included (which crosses no port).
 *
 * - *direct*: all messages at once; a port of each tier carries what leaves by it, tiers side by
 *   side; one step of the outermost tier.
 * - *pairwise*: n - 1 rounds, in each of which a rank exchanges with one other, one after the other.
 * - *two-level*: within domains first, bundled by destination, then between domains (Tutel's 2DH,
 *   arXiv 2206.03382).
 * - *dedup*: a row crosses to each domain once and fans out there; see `dispatch.ts`.
 *
 * @module
 */
import type { Fabric } from "../fabric.ts";
import { type DispatchOptions, dispatchSeconds } from "./dispatch.ts";
import { type Group, membersInTier, outerTier } from "./group.ts";
import { exchangeRate } from "./ports.ts";

/** How an all-to-all is done. */
export interface AllToAllOptions extends Partial<DispatchOptions> {
  /** See the module; "direct" unless given. */
  algorithm?: "direct" | "pairwise" | "two-level" | "dedup";
}

const plain: AllToAllOptions = {};

/** All messages at once: seconds without the launch. */
export function directAllToAllSeconds(bytes: number, group: Group, fabric: Fabric): number {
  const outer = outerTier(group, fabric);
  const tier = fabric.tiers[outer];
  let wire = 0;
  let below = 1;
  for (let at = 0; at <= outer; at++) {
    const members = membersInTier(group, at, fabric);
    // What passes a tier's own port ends in its domain; what passes a network card may go further.
    const reach = fabric.tiers[at].network ? group.ranks : members;
    const away = bytes * (reach - below) / group.ranks;
    wire = Math.max(wire, away / exchangeRate(at, group, fabric));
    below = members;
  }
  return Math.min(tier.latencySeconds + wire, tier.lowLatencySeconds + wire / tier.lowLatencyShare);
}

/** In rounds of pairs: seconds without the launch. */
export function pairwiseAllToAllSeconds(bytes: number, group: Group, fabric: Fabric): number {
  const outer = outerTier(group, fabric);
  const piece = bytes / group.ranks;
  let seconds = 0;
  let below = 1;
  for (let at = 0; at <= outer; at++) {
    const { latencySeconds, lowLatencySeconds, lowLatencyShare } = fabric.tiers[at];
    const members = membersInTier(group, at, fabric);
    const wire = piece / exchangeRate(at, group, fabric);
    seconds += (members - below) *
      Math.min(latencySeconds + wire, lowLatencySeconds + wire / lowLatencyShare);
    below = members;
  }
  return seconds;
}

/** Within domains, then between them: seconds without the launch. */
export function twoLevelAllToAllSeconds(bytes: number, group: Group, fabric: Fabric): number {
  const outer = outerTier(group, fabric);
  const inner = membersInTier(group, 0, fabric);
  if (outer === 0 || inner === 1) return directAllToAllSeconds(bytes, group, fabric);
  const within = bytes * (inner - 1) / inner / exchangeRate(0, group, fabric);
  const across = bytes * (group.ranks - inner) / group.ranks / exchangeRate(outer, group, fabric);
  return fabric.tiers[0].latencySeconds + within + fabric.tiers[outer].latencySeconds + across;
}

/**
 * Seconds of an all-to-all in which every rank sends `bytes`.
 *
 * @throws {RangeError} for "dedup" without `copies`.
 *
 * @example
 * ```ts
 * import { allToAllSeconds, compileFabric, parseCluster } from "@moelab/moelab/sim";
 * import { assert } from "@std/assert";
 *
 * const fabric = compileFabric(parseCluster("h100:64"));
 * const group = { ranks: 64, perDomain: 8 };
 * const direct = allToAllSeconds(4e8, group, fabric);
 * assert(allToAllSeconds(4e8, group, fabric, { algorithm: "dedup", copies: 8 }) < direct);
 * ```
 */
export function allToAllSeconds(
  bytes: number,
  group: Group,
  fabric: Fabric,
  options: AllToAllOptions = plain,
): number {
  if (group.ranks < 2 || bytes === 0) return 0;
  switch (options.algorithm) {
    case "dedup":
      return dispatchSeconds(bytes, group, fabric, options);
    case "pairwise":
      return fabric.launchSeconds + pairwiseAllToAllSeconds(bytes, group, fabric);
    case "two-level":
      return fabric.launchSeconds + twoLevelAllToAllSeconds(bytes, group, fabric);
    default:
      return fabric.launchSeconds + directAllToAllSeconds(bytes, group, fabric);
  }
}
