/**
 * Inputs of a machine that could be other than they are, and machines with one of them changed.
 *
 * @module
 */
import type { AttentionModel, DeviceModel, ProductModel } from "../cost/device.ts";
import type { Machine } from "../cost/machine.ts";
import type { FabricTier } from "../network/fabric.ts";
import type { Stack } from "../stack/stack.ts";

/** Inputs of a machine: rates of the device and the links, and seconds that links and host add. */
export const machineInputs = [
  ...["flops", "memory-bandwidth", "node-bandwidth", "network-bandwidth"] as const,
  ...["latency", "host", "gaps"] as const,
] as const;

/** One of them. */
export type MachineInput = typeof machineInputs[number];

/** A rate is better where it is higher, a time where it is lower. */
export const machineInputKinds: Readonly<Record<MachineInput, "rate" | "time">> = {
  ...{ flops: "rate", "memory-bandwidth": "rate", "node-bandwidth": "rate" },
  ...{ "network-bandwidth": "rate", latency: "time", host: "time", gaps: "time" },
};

type Change = (machine: Machine, factor: number) => Machine;

const fasterProduct = (product: ProductModel, factor: number): ProductModel => ({
  ...product,
  secondsPerFlop: product.secondsPerFlop / factor,
});

const widerProduct = (product: ProductModel, factor: number): ProductModel => ({
  ...product,
  secondsPerByte: product.secondsPerByte / factor,
});

const fasterAttention = (attention: AttentionModel, factor: number): AttentionModel => ({
  ...attention,
  secondsPerFlop: attention.secondsPerFlop / factor,
});

const fasterDevice = (device: DeviceModel, factor: number): DeviceModel => ({
  ...device,
  product: fasterProduct(device.product, factor),
  grouped: fasterProduct(device.grouped, factor),
  attention: {
    forward: fasterAttention(device.attention.forward, factor),
    backward: fasterAttention(device.attention.backward, factor),
  },
});

const widerDevice = (device: DeviceModel, factor: number): DeviceModel => ({
  ...device,
  product: widerProduct(device.product, factor),
  grouped: widerProduct(device.grouped, factor),
  secondsPerByte: device.secondsPerByte / factor,
  castSecondsPerByte: device.castSecondsPerByte / factor,
});

const withDevices =
  (change: (device: DeviceModel, factor: number) => DeviceModel): Change => (machine, factor) => ({
    ...machine,
    device: change(machine.device, factor),
    wide: change(machine.wide, factor),
  });

const withTiers =
  (change: (tier: FabricTier, factor: number) => FabricTier): Change => (machine, factor) => ({
    ...machine,
    fabric: {
      ...machine.fabric,
      tiers: machine.fabric.tiers.map((tier) => change(tier, factor)),
    },
  });

const widerTier = (tier: FabricTier, factor: number): FabricTier => ({
  ...tier,
  bandwidthBytesPerSecond: tier.bandwidthBytesPerSecond * factor,
});

const slowerTier = (tier: FabricTier, factor: number): FabricTier => ({
  ...tier,
  latencySeconds: tier.latencySeconds * factor,
  lowLatencySeconds: tier.lowLatencySeconds * factor,
});

const withStack =
  (field: keyof Pick<Stack, "hostSeconds" | "gapSeconds">): Change => (machine, factor) => ({
    ...machine,
    stack: { ...machine.stack, [field]: machine.stack[field] * factor },
  });

const changes: Readonly<Record<MachineInput, Change>> = {
  flops: withDevices(fasterDevice),
  "memory-bandwidth": withDevices(widerDevice),
  "node-bandwidth": withTiers((tier, factor) => tier.network ? tier : widerTier(tier, factor)),
  "network-bandwidth": withTiers((tier, factor) => tier.network ? widerTier(tier, factor) : tier),
  latency: withTiers(slowerTier),
  host: withStack("hostSeconds"),
  gaps: withStack("gapSeconds"),
};

/**
 * A machine with one input `factor` times what it is: 1.1 is a tenth more bandwidth, or a tenth more
 * seconds of latency.
 *
 * @example
 * ```ts
 * import { baseStack, changedMachine, machineOf } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const machine = machineOf("h100:64", "bf16").machine(baseStack);
 * const changed = changedMachine(machine, { input: "network-bandwidth", factor: 2 });
 * const rates = changed.fabric.tiers.map((tier, at) =>
 *   tier.bandwidthBytesPerSecond / machine.fabric.tiers[at].bandwidthBytesPerSecond
 * );
 * assertEquals(rates, [1, 2]);
 * ```
 */
export function changedMachine(
  machine: Machine,
  { input, factor }: { input: MachineInput; factor: number },
): Machine {
  return changes[input](machine, factor);
}
