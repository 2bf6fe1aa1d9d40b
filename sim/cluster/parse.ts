/**
 * Clusters as people type them: "h100:16", "gb200:256,nic=800Gb/s,slow.3=0.8".
 *
 * @module
 */
import { unknownName, UserError } from "../../kernels/base/errors.ts";
import { checkCluster } from "./check.ts";
import type { Cluster } from "./cluster.ts";
import { clusterPresets } from "./presets.ts";
import { withSetting } from "./settings.ts";

/** The cluster with another number of devices; its last tier spans them all. */
export function withDevices(cluster: Cluster, devices: number): Cluster {
  const inner = cluster.tiers[cluster.tiers.length - 2]?.span ?? 1;
  return {
    ...cluster,
    devices,
    tiers: cluster.tiers.map((tier, at) =>
      at === cluster.tiers.length - 1 && tier.fabric.kind !== "torus"
        ? { ...tier, span: Math.max(devices, inner) }
        : tier
    ),
  };
}

function countOf(text: string, name: string, words: readonly string[]): number {
  const devices = Number(words[0]);
  if (
    words.length === 1 && /^\d+$/.test(words[0]) && devices >= 1 && Number.isSafeInteger(devices)
  ) {
    return devices;
  }
  throw new UserError(
    `Cannot read cluster "${text}": found "${words.join(":")}" devices, wanted a ` +
      `whole number above 0, such as "${name}:${clusterPresets[name].devices}"`,
  );
}

/**
 * The cluster that a text names: "h100" is one node, "h100:16" sixteen devices of such nodes, and
 * settings follow after commas:
 *
 * - `node=4`: devices of a node; `span.leaf=256`: of another tier's domain
 * - `nvlink=450GB/s`, `nic=400Gb/s`: bandwidth of a device in one direction
 * - `latency.nic=10us`, `efficiency.nic=0.8`, `oversubscription=2`, `sharp.nvlink=1`
 * - `slow.3=0.8`, `slow.node1=0.5`: share of the speed of a rank or node
 * - `link.3.nic=0`: share of a port's bandwidth; 0 has failed
 *
 * @throws {UserError} for an unknown name, a value that cannot be, and parts that do not fit.
 *
 * @example
 * ```ts
 * import { parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const { devices, tiers } = parseCluster("h100:64,nic=200Gb/s,latency.nic=10us");
 * assertEquals(devices, 64);
 * assertEquals(tiers[1].link.bandwidthBytesPerSecond, 25e9);
 * assertThrows(() => parseCluster("h10"), TypeError, 'did you mean "h100"');
 * assertThrows(() => parseCluster("h100,nvlnk=1GB/s"), TypeError, 'did you mean "nvlink"');
 * ```
 */
export function parseCluster(text: string): Cluster {
  const [head, ...settings] = text.split(",").map((part) => part.trim());
  const [name, ...count] = head.split(":");
  if (!Object.hasOwn(clusterPresets, name)) {
    throw unknownName("cluster", name, Object.keys(clusterPresets));
  }
  const preset = clusterPresets[name];
  let cluster = preset;
  for (const setting of settings) {
    const [key, value, ...rest] = setting.split("=");
    if (value === undefined || rest.length > 0) {
      throw new UserError(
        `Cannot read cluster "${text}": found "${setting}", wanted NAME=VALUE, such as "nic=400Gb/s"`,
      );
    }
    cluster = withSetting(cluster, key, value);
  }
  const devices = count.length > 0 ? countOf(text, name, count) : preset.devices;
  return checkCluster(withDevices(cluster, devices));
}

/** A cluster, or the one that words name; see {@linkcode parseCluster}. */
export function clusterOf(said: string | Cluster): Cluster {
  return typeof said === "string" ? parseCluster(said) : said;
}
