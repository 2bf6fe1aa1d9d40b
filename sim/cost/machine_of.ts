/**
 * From the name of a cluster to a machine that plans are priced on.
 *
 * @module
 */
import type { Cluster } from "../cluster/cluster.ts";
import { clusterOf } from "../cluster/parse.ts";
import { deviceProfile } from "../cluster/profiles.ts";
import { compileFabric } from "../network/fabric.ts";
import type { Precision } from "../plan/plan.ts";
import { type Graphs, resolveStack, type Stack } from "../stack/stack.ts";
import { compileDevice, type DeviceModel } from "./device.ts";
import type { Machine } from "./machine.ts";
import type { Fabric } from "../network/fabric.ts";

/** A machine without its software. */
export interface Bare {
  /** Architecture of the device. */
  architecture: string;
  /** The machine with a stack. */
  machine: (stack: Stack) => Machine;
}

const fabrics = new Map<string, { fabric: Fabric; device: string }>();
const devices = new Map<string, DeviceModel>();

function memo<T>(known: Map<string, T>, key: string, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) known.set(key, value = make());
  return value;
}

/** The machine of a cluster, or of the words that name one, for products of a format. */
export function machineOf(
  said: string | Cluster,
  precision: Precision,
  options: { graphs?: Graphs } = {},
): Bare {
  const key = typeof said === "string" ? said : JSON.stringify(said);
  const { fabric, device: id } = memo(fabrics, key, () => {
    const cluster = clusterOf(said);
    return { fabric: compileFabric(cluster), device: cluster.device };
  });
  const profile = deviceProfile(id);
  const compiled = (format: Precision) =>
    memo(devices, `${id}/${format}`, () => compileDevice(profile, format));
  const device = compiled(precision);
  const wide = compiled(precision === "fp16" ? "fp16" : "bf16");
  const { architecture } = profile.device;
  const { graphs = "none" } = options;
  return {
    architecture,
    machine: (stack) => ({
      device,
      wide,
      fabric,
      stack: resolveStack(stack, architecture),
      graphs,
    }),
  };
}
