/**
 * The clusters that ship with the suite, and "h100:16" as a way to say how many devices.
 *
 * @module
 */
import { parseConfig } from "../../kernels/base/config.ts";
import { unknownName, UserError } from "../../kernels/base/errors.ts";
import { type Cluster, clusterSchema } from "./cluster.ts";
import a100 from "./presets/a100.json" with { type: "json" };
import b200 from "./presets/b200.json" with { type: "json" };
import gb200 from "./presets/gb200.json" with { type: "json" };
import h100 from "./presets/h100.json" with { type: "json" };
import h200 from "./presets/h200.json" with { type: "json" };
import h800 from "./presets/h800.json" with { type: "json" };
import here from "./presets/this.json" with { type: "json" };

/** One node or fast domain of each kind, by name. */
export const clusterPresets: Readonly<Record<string, Cluster>> = Object.fromEntries(
  Object.entries({ a100, b200, gb200, h100, h200, h800, this: here }).map(([name, json]) => [
    name,
    parseConfig(clusterSchema, json, `sim/cluster/presets/${name}.json`),
  ]),
);

/**
 * The cluster that a text names: "h100" is one node, "h100:16" sixteen devices of such nodes.
 *
 * @throws {UserError} for an unknown name and for a count that is no whole number above 0.
 *
 * @example
 * ```ts
 * import { parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseCluster("h100:16").devices, 16);
 * assertThrows(() => parseCluster("h10"), TypeError, 'did you mean "h100"');
 * ```
 */
export function parseCluster(text: string): Cluster {
  const [name, count, ...rest] = text.split(":");
  if (!Object.hasOwn(clusterPresets, name)) {
    throw unknownName("cluster", name, Object.keys(clusterPresets));
  }
  const preset = clusterPresets[name];
  if (count === undefined) return preset;
  const devices = Number(count);
  if (!/^\d+$/.test(count) || rest.length > 0 || !Number.isSafeInteger(devices) || devices < 1) {
    throw new UserError(
      `Cannot read cluster "${text}": found "${[count, ...rest].join(":")}" devices, wanted a ` +
        `whole number above 0, such as "${name}:${preset.devicesPerNode}"`,
    );
  }
  return { ...preset, devices };
}
