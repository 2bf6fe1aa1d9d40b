/**
 * All-gather, reduce-scatter and broadcast in closed form, around rings: n - 1 steps, and (n - 1)/n
 * of the bytes past each port (all of them for a broadcast, in small pieces).
 *
 * @module
 */
import type { Fabric } from "../fabric.ts";
import type { Group } from "./group.ts";
import { ringSeconds } from "./ring.ts";

/**
 * Seconds of an all-gather; `bytes` is the gathered size, of which each rank brings an n-th.
 *
 * @example
 * ```ts
 * import { allGatherSeconds, bareSoftware, compileFabric, parseCluster } from "@moelab/moelab/sim";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const fabric = compileFabric(parseCluster("h100"), { software: bareSoftware });
 * const [{ latencySeconds, bandwidthBytesPerSecond }] = fabric.tiers;
 * assertAlmostEquals(
 *   allGatherSeconds(8e9, { ranks: 8, perDomain: 8 }, fabric),
 *   7 * latencySeconds + 7e9 / bandwidthBytesPerSecond,
 * );
 * ```
 */
export function allGatherSeconds(bytes: number, group: Group, fabric: Fabric): number {
  const n = group.ranks;
  if (n < 2 || bytes === 0) return 0;
  return fabric.launchSeconds + ringSeconds(bytes * (n - 1) / n, group, fabric);
}

/** Seconds of a reduce-scatter; `bytes` is what each rank brings, of which it keeps an n-th. */
export function reduceScatterSeconds(bytes: number, group: Group, fabric: Fabric): number {
  return allGatherSeconds(bytes, group, fabric);
}

/** Seconds until all ranks have the `bytes` of one of them. */
export function broadcastSeconds(bytes: number, group: Group, fabric: Fabric): number {
  if (group.ranks < 2 || bytes === 0) return 0;
  return fabric.launchSeconds + ringSeconds(bytes, group, fabric);
}
