/**
 * A cluster: how many devices of which kind, and how they are linked.
 *
 * Links come in *tiers*, from the innermost outward. A tier cuts the devices into *domains* of
 * `span` neighbours: eight that share NVLink, thirty-two that share a leaf switch. Two devices talk
 * over the innermost tier that has both in one domain. Device r is in domain floor(r / span); the
 * last tier has one domain.
 *
 * Tiers of kind `switch` and `torus` are *scale-up*: each has a port of its own on every device.
 * Tiers of kind `rail` and `fat-tree` are the *network*: all of them pass the one network card (NIC)
 * of the device. A *node* is a domain of the outermost scale-up tier. What a device can do is not
 * said here but in its profile.
 *
 * @module
 */
import { z } from "zod";
import type { Schema } from "../../kernels/base/config.ts";
import type { Profile } from "../../kernels/base/profile_schema.ts";
import type { Link } from "../network/link.ts";

/** How a tier joins the parts of one of its domains. */
export type TierFabric =
  /** One switch that never blocks, as NVSwitch, or a PCIe root. */
  | { kind: "switch"; oversubscription?: number }
  /** Devices of the same place in their nodes share a switch; the rest meet above it. */
  | { kind: "rail"; oversubscription?: number }
  /** Switches in layers. */
  | { kind: "fat-tree"; oversubscription?: number }
  /** A grid that closes in every direction; messages go along the dimensions in their order. */
  | { kind: "torus"; dims: readonly number[] };

/** One tier; see the module. */
export interface Tier {
  /** What it is called: "nvlink", "pcie", "rail", "leaf", "spine", "rack". */
  name: string;
  /** Devices in one domain; the last tier spans all. */
  span: number;
  /**
   * Devices of a domain that a job uses, where it leaves some idle: jobs whose groups are powers of
   * two use 64 of the 72 devices of a rack.
   */
  usedSpan?: number;
  /**
   * How the domain is joined. `oversubscription` is the rate that the parts of a domain could
   * offer over the rate that crosses between them: 1 (the default) never blocks.
   */
  fabric: TierFabric;
  /** The tier as one device sees it in each direction. */
  link: Link;
  /** Whether switches add up what they pass on (NVLS, SHARP); false unless given. */
  sharpReduction?: boolean;
}

/** A device or node that computes slower than its profile says. */
export type SlowPart =
  | { rank: number; factor: number }
  | { node: number; factor: number };

/** A port that carries less than its tier says; factor 0 is a port that failed. */
export interface LinkFault {
  /** Rank whose port it is. */
  rank: number;
  /** Name of the tier. */
  tier: string;
  /** Share of the bandwidth that is left. */
  factor: number;
}

/** A cluster; see the module. */
export interface Cluster {
  /** Version of this format. */
  schema: 2;
  /** Lower case with hyphens: the name before the colon in "h100:8". */
  id: string;
  /** What it is, in a sentence. */
  description: string;
  /** Id of the device profile; "this" stands for the machine at hand. */
  device: string;
  /** Number of devices. */
  devices: number;
  /** The tiers, innermost first. */
  tiers: readonly Tier[];
  /** Devices and nodes whose computing is slow: `factor` of the profile's speed, above 0. */
  slow?: readonly SlowPart[];
  /** Ports that are slow or failed. */
  linkFaults?: readonly LinkFault[];
  /** Where each figure comes from. */
  sources: readonly string[];
}

const positive = z.number().positive();
const count = z.int().positive();
const rank = z.int().min(0);

const link = z.strictObject({
  latencySeconds: z.number().min(0),
  bandwidthBytesPerSecond: positive,
  efficiency: positive.max(1),
});

const switched = (kind: "switch" | "rail" | "fat-tree") =>
  z.strictObject({ kind: z.literal(kind), oversubscription: z.number().min(1).optional() });

const tier = z.strictObject({
  name: z.string().min(1),
  span: count,
  usedSpan: count.optional(),
  fabric: z.discriminatedUnion("kind", [
    switched("switch"),
    switched("rail"),
    switched("fat-tree"),
    z.strictObject({ kind: z.literal("torus"), dims: z.array(count).min(1) }),
  ]),
  link,
  sharpReduction: z.boolean().optional(),
});

/** Checks the fields of a {@linkcode Cluster}; how they fit together is `checkCluster`'s to say. */
export const clusterSchema: Schema<Cluster> = z.strictObject({
  schema: z.literal(2),
  id: z.string(),
  description: z.string(),
  device: z.string(),
  devices: count,
  tiers: z.array(tier).min(1),
  slow: z.array(z.union([
    z.strictObject({ rank, factor: positive }),
    z.strictObject({ node: rank, factor: positive }),
  ])).optional(),
  linkFaults: z.array(
    z.strictObject({ rank, tier: z.string(), factor: z.number().min(0).max(1) }),
  ).optional(),
  sources: z.array(z.string()),
});

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
