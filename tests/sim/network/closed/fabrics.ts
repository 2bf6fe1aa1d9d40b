/** Fabrics with round numbers for tests. */
import type { Fabric, FabricTier } from "../../../../sim/network/fabric.ts";
import { bareSoftware } from "../../../../sim/network/software.ts";

/** A tier of so many devices that sends `rate` bytes a second after `latency` seconds. */
export function tier(span: number, rate: number, latency: number): FabricTier {
  return {
    name: `${span}`,
    span,
    network: false,
    bandwidthBytesPerSecond: rate,
    latencySeconds: latency,
    lowLatencySeconds: latency,
    lowLatencyShare: 1,
    oversubscription: 1,
    exchangeShare: 1,
    sendShare: 1,
    reductionShare: 0,
  };
}

/** A fabric of such tiers, without software. */
export function fabric(...tiers: FabricTier[]): Fabric {
  return {
    id: "test",
    devices: tiers[tiers.length - 1].span,
    launchSeconds: 0,
    sendLaunchSeconds: 0,
    issueSeconds: 0,
    tiers,
    dispatch: bareSoftware.dispatch,
  };
}

/** Domains of 8 at 100 bytes a second, linked at 10 bytes a second a device. */
export const nodes: Fabric = fabric(tier(8, 100, 1), tier(64, 10, 5));
