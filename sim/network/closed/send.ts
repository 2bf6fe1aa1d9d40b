/**
 * A message from one rank to another in closed form.
 *
 * @module
 */
import type { Fabric } from "../fabric.ts";

/**
 * Seconds of `bytes` from one rank to another, in the same innermost domain or over the tier above.
 *
 * @example
 * ```ts
 * import { bareSoftware, compileFabric, parseCluster, sendSeconds } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const fabric = compileFabric(parseCluster("h100:16"), { software: bareSoftware });
 * const [, { latencySeconds, bandwidthBytesPerSecond }] = fabric.tiers;
 * assertEquals(sendSeconds(1e9, false, fabric), latencySeconds + 1e9 / bandwidthBytesPerSecond);
 * ```
 */
export function sendSeconds(bytes: number, sameDomain: boolean, fabric: Fabric): number {
  return sendOverSeconds(bytes, sameDomain ? 0 : Math.min(1, fabric.tiers.length - 1), fabric);
}

/** Seconds of `bytes` from one rank to another that first meet in a tier, by its place. */
export function sendOverSeconds(bytes: number, tier: number, fabric: Fabric): number {
  if (bytes === 0) return 0;
  const step = fabric.tiers[tier];
  const wire = bytes / (step.bandwidthBytesPerSecond * step.sendShare);
  return fabric.sendLaunchSeconds + Math.min(
    step.latencySeconds + wire,
    step.lowLatencySeconds + wire / step.lowLatencyShare,
  );
}
