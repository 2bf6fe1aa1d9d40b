/**
 * A cluster: how many devices of which kind, and how they are linked.
 *
 * Two tiers: devices of one node share a fast domain (NVLink, or the PCIe bus), nodes are joined by
 * a network. Device r is on node floor(r / devicesPerNode). What a device can do is not said here
 * but in its profile.
 *
 * @module
 */
import { z } from "zod";
import type { Schema } from "../../kernels/base/config.ts";
import type { Profile } from "../../kernels/base/profile_schema.ts";
import type { Link } from "../network/link.ts";

/** A cluster; see the module. */
export interface Cluster {
  /** Version of this format. */
  schema: 1;
  /** Lower case with hyphens: the name before the colon in "h100:8". */
  id: string;
  /** What it is, in a sentence. */
  description: string;
  /** Id of the device profile; "this" stands for the machine at hand. */
  device: string;
  /** Number of devices. */
  devices: number;
  /** Devices in one fast domain. */
  devicesPerNode: number;
  /** The tiers, as one device sees them in each direction. */
  links: {
    /** Between devices of a node. */
    intraNode: Link;
    /** Between nodes. */
    interNode: Link;
  };
  /** Where each figure comes from. */
  sources: string[];
}

const positive = z.number().positive();

const link = z.strictObject({
  latencySeconds: z.number().min(0),
  bandwidthBytesPerSecond: positive,
  efficiency: positive.max(1),
});

/** Checks a {@linkcode Cluster}. */
export const clusterSchema: Schema<Cluster> = z.strictObject({
  schema: z.literal(1),
  id: z.string(),
  description: z.string(),
  device: z.string(),
  devices: z.int().positive(),
  devicesPerNode: z.int().positive(),
  links: z.strictObject({ intraNode: link, interNode: link }),
  sources: z.array(z.string()),
});

/** The node that a rank is on. */
export function nodeOf(rank: number, cluster: Cluster): number {
  return Math.floor(rank / cluster.devicesPerNode);
}

/**
 * The cluster with the devices of a profile in place of its own: "so many of this machine, linked
 * as that cluster is".
 *
 * @example
 * ```ts
 * import { deviceProfile, parseCluster, withDevice } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const cluster = withDevice(parseCluster("this:4"), deviceProfile("a100"));
 * assertEquals([cluster.device, cluster.devices], ["a100", 4]);
 * ```
 */
export function withDevice(cluster: Cluster, profile: Profile): Cluster {
  return { ...cluster, device: profile.id };
}
