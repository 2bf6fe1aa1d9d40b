/**
 * Clusters from JSON, and whether their parts fit together.
 *
 * @module
 */
import { parseConfig } from "../../kernels/base/config.ts";
import { unknownName, UserError } from "../../kernels/base/errors.ts";
import { type Cluster, clusterSchema, type Tier } from "./cluster.ts";
import { devicesPerNode, isNetwork } from "./tiers.ts";

/** What is wrong with a tier around another one, or nothing. */
function misfit(tier: Tier, inner: Tier | undefined, last: boolean): string | undefined {
  const { name, span, usedSpan, fabric } = tier;
  const parts = span / (inner?.span ?? 1);
  if (inner && !last && (span <= inner.span || !Number.isInteger(parts))) {
    return `tier "${name}" spans ${span} devices, wanted a multiple of the ${inner.span} of ` +
      `"${inner.name}" inside it`;
  }
  if (inner && isNetwork(inner) && !isNetwork(tier)) {
    return `tier "${name}" is a ${fabric.kind} around the network "${inner.name}", wanted "rail" ` +
      `or "fat-tree"`;
  }
  if (usedSpan !== undefined && (usedSpan > span || usedSpan % (inner?.span ?? 1) !== 0)) {
    return `tier "${name}" has ${usedSpan} used of ${span} devices, wanted whole parts and at ` +
      `most ${span}`;
  }
  if (fabric.kind === "torus") {
    const places = fabric.dims.reduce((product, n) => product * n, 1);
    if (places !== parts) {
      return `the torus "${name}" of ${fabric.dims.join(" x ")} has ${places} places, wanted ` +
        `${parts}, one for each part`;
    }
  }
}

/** What is wrong with the faults, or nothing. */
function badFault(cluster: Cluster): string | undefined {
  const { devices, slow = [], linkFaults = [] } = cluster;
  const nodes = Math.ceil(devices / devicesPerNode(cluster));
  for (const part of slow) {
    if ("rank" in part && part.rank >= devices) {
      return `rank ${part.rank} is slow, wanted a rank below ${devices}`;
    }
    if ("node" in part && part.node >= nodes) {
      return `node ${part.node} is slow, wanted a node below ${nodes}`;
    }
  }
  const torus = linkFaults.find((fault) =>
    fault.factor === 0 &&
    cluster.tiers.some(({ name, fabric }) => name === fault.tier && fabric.kind === "torus")
  );
  if (torus) {
    return `rank ${torus.rank} has no links in the torus "${torus.tier}", wanted a factor above 0: ` +
      `messages do not go around a place`;
  }
  const beyond = linkFaults.find(({ rank }) => rank >= devices);
  return beyond &&
    `the ${beyond.tier} of rank ${beyond.rank} is a link to nowhere, wanted a rank ` +
      `below ${devices}`;
}

/**
 * The same cluster, once its parts fit together: tiers that grow and divide, a last tier around all
 * devices, faults of what is there.
 *
 * @throws {UserError} that says which part does not fit and what would.
 */
export function checkCluster(cluster: Cluster): Cluster {
  const { tiers, devices, id, linkFaults = [] } = cluster;
  const names = tiers.map((tier) => tier.name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  const outer = tiers[tiers.length - 1];
  const problem = twice !== undefined
    ? `two tiers are called "${twice}", wanted a name each`
    : outer.span < devices
    ? `the last tier "${outer.name}" spans ${outer.span} of ${devices} devices, wanted all`
    : tiers.map((tier, at) => misfit(tier, tiers[at - 1], at === tiers.length - 1))
      .find((text) => text !== undefined) ?? badFault(cluster);
  if (problem !== undefined) throw new UserError(`Cannot use cluster "${id}": ${problem}`);
  for (const { tier } of linkFaults) {
    if (!names.includes(tier)) throw unknownName("tier", tier, names);
  }
  return cluster;
}

/**
 * The cluster that a JSON value describes.
 *
 * @throws {UserError} that names the source and every wrong field, or the part that does not fit.
 *
 * @example
 * ```ts
 * import { parseCluster, readCluster } from "@moelab/moelab/sim";
 * import { assertThrows } from "@std/assert";
 *
 * const wrong = { ...parseCluster("h100:8"), slow: [{ rank: 8, factor: 0.5 }] };
 * assertThrows(() => readCluster(wrong, "c.json"), TypeError, "wanted a rank below 8");
 * ```
 */
export function readCluster(json: unknown, source: string): Cluster {
  return checkCluster(parseConfig(clusterSchema, json, source));
}
