/**
 * The same cluster with fewer of its devices. Where all devices are used, dollars and joules of a step
 * follow its time; what is cheapest may well leave some idle.
 *
 * @module
 */
import type { Cluster } from "../../sim/cluster/cluster.ts";
import { withDevices } from "../../sim/cluster/parse.ts";
import { devicesPerNode } from "../../sim/cluster/tiers.ts";
import type { Planning } from "./planning.ts";

/** A cluster without the faults of devices that it no longer has. */
function shrunk(cluster: Cluster, devices: number): Cluster {
  const nodes = Math.ceil(devices / devicesPerNode(cluster));
  const { slow, linkFaults, ...rest } = withDevices(cluster, devices);
  return {
    ...rest,
    ...(slow &&
      { slow: slow.filter((part) => "rank" in part ? part.rank < devices : part.node < nodes) }),
    ...(linkFaults && { linkFaults: linkFaults.filter(({ rank }) => rank < devices) }),
  };
}

/**
 * The question on all devices, on half of them, and so on down to one node; each half is whole nodes.
 */
export function onFewerDevices(planning: Planning): Planning[] {
  const { cluster } = planning;
  const node = Math.min(devicesPerNode(cluster), cluster.devices);
  const counts: number[] = [];
  for (let n = cluster.devices; n >= node && Number.isInteger(n); n /= 2) {
    if (n === cluster.devices || n % node === 0) counts.push(n);
  }
  return counts.map((devices) =>
    devices === cluster.devices ? planning : { ...planning, cluster: shrunk(cluster, devices) }
  );
}
