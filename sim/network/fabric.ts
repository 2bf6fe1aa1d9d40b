/**
 * A cluster's network compiled to plain numbers, for closed forms that a search calls millions of
 * times.
 *
 * Vocabulary. A *tier* is a level of the network with a *port* on every device; a *step* is one
 * message from a rank to the next of an algorithm. Libraries move data by one of two *protocols*:
 * *bulk* (NCCL's Simple) waits for whole chunks and reaches the link's bandwidth, *low latency*
 * (NCCL's LL) checks a flag in every word, so that a step is short but only part of the bandwidth
 * carries data. A collective costs the cheaper of the two (the model of NCCL's src/graph/tuning.cc):
 *
 *     launch + min over protocols of (sum of step latencies + bytes of the busiest port / rate)
 *
 * Without software (`software: bareSoftware`) both protocols are the link itself and nothing is
 * launched: latency + bytes / bandwidth, as the flow simulator counts.
 *
 * @module
 */
import type { Cluster } from "../cluster/cluster.ts";
import { clusterPresets } from "../cluster/presets.ts";
import { isNetwork, rankSpans } from "../cluster/tiers.ts";
import { bareSoftware, type FabricSoftware, softwareOf } from "./software.ts";

/** One tier of a {@linkcode Fabric}; rates are of one device's port in one direction. */
export interface FabricTier {
  /** Name of the cluster's tier. */
  name: string;
  /** Devices of a domain. */
  span: number;
  /** Whether its messages pass the network card of the device; else the tier has its own port. */
  network: boolean;
  /** Bytes a second that large messages of collectives reach. */
  bandwidthBytesPerSecond: number;
  /** Seconds of a step in the bulk protocol. */
  latencySeconds: number;
  /** Seconds of a step in the low-latency protocol. */
  lowLatencySeconds: number;
  /** Share of the bandwidth that the low-latency protocol reaches. */
  lowLatencyShare: number;
  /** Rate that the parts of a domain could offer over what crosses between them; 1 never blocks. */
  oversubscription: number;
  /** Rate of an all-to-all over that of a ring. */
  exchangeShare: number;
  /** Rate of a message from one rank to one other over that of a ring. */
  sendShare: number;
  /** Rate of reductions in the switches over that of a ring; 0 where switches do not reduce. */
  reductionShare: number;
}

/** A network as plain numbers; see the module. */
export interface Fabric {
  /** Id of the cluster. */
  id: string;
  /** Devices. */
  devices: number;
  /** Seconds of a collective beside its steps. */
  launchSeconds: number;
  /** The same of a message between two ranks. */
  sendLaunchSeconds: number;
  /** Least seconds between collectives that a host issues one by one; in no closed form. */
  issueSeconds: number;
  /** Tiers, innermost first. */
  tiers: readonly FabricTier[];
  /** Kernels that send a row once to each domain, by library. */
  dispatch: FabricSoftware["dispatch"];
}

/**
 * The fabric of a cluster, with the communication software that was measured on it.
 *
 * @param cluster The cluster.
 * @param options `software` in place of the cluster's own.
 *
 * @example
 * ```ts
 * import { compileFabric, parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const { tiers } = compileFabric(parseCluster("h100:64"));
 * assertEquals(tiers.map(({ span }) => span), [8, 64]);
 * ```
 */
export function compileFabric(
  cluster: Cluster,
  options: { software?: FabricSoftware } = {},
): Fabric {
  const software = options.software ?? softwareOf(cluster.id) ?? bareSoftware;
  const spans = rankSpans(cluster);
  const tiers = cluster.tiers.map((tier, at): FabricTier => {
    const { name, fabric, link, sharpReduction } = tier;
    const law = software.tiers[Math.min(at, software.tiers.length - 1)] ?? {};
    // What was set for this cluster stands above what was measured on the preset.
    const preset = clusterPresets[cluster.id]?.tiers[at]?.link ?? link;
    const efficiency = link.efficiency === preset.efficiency ? law.efficiency : undefined;
    const sameStep = link.latencySeconds === preset.latencySeconds;
    const latencySeconds = (sameStep ? law.latencySeconds : undefined) ?? link.latencySeconds;
    return {
      name,
      span: spans[at],
      network: isNetwork(tier),
      bandwidthBytesPerSecond: link.bandwidthBytesPerSecond * (efficiency ?? link.efficiency),
      latencySeconds,
      lowLatencySeconds: (sameStep ? law.lowLatencySeconds : undefined) ?? latencySeconds,
      lowLatencyShare: law.lowLatencyShare ?? 1,
      oversubscription: fabric.kind === "torus" ? 1 : fabric.oversubscription ?? 1,
      exchangeShare: law.exchangeShare ?? 1,
      sendShare: law.sendShare ?? 1,
      reductionShare: law.reductionShare ?? (sharpReduction ? 1 : 0),
    };
  });
  const { id, devices } = cluster;
  const { launchSeconds, sendLaunchSeconds, issueSeconds, dispatch } = software;
  return { id, devices, launchSeconds, sendLaunchSeconds, issueSeconds, tiers, dispatch };
}
