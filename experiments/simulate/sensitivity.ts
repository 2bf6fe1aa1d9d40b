/**
 * What would change a step: its time with one input a tenth better, all others as they are.
 *
 * @module
 */
import type { DeviceModel, ProductModel } from "../../sim/cost/device.ts";
import type { Machine } from "../../sim/cost/machine.ts";
import type { FabricTier } from "../../sim/network/fabric.ts";
import { planFault } from "../../sim/plan/plan_rules.ts";
import type { Plan } from "../../sim/plan/plan.ts";
import type { Simulation } from "./simulation.ts";
import { simulationMachine } from "./simulation.ts";
import { closedSeconds } from "./step.ts";

/** An input and what its change does to the step. */
export interface Sensitivity {
  /** What is changed, and how. */
  input: string;
  /** Seconds of the step with it. */
  stepSeconds: number;
  /** Change of the time of a step, as a share of it; below 0 where the step gets faster. */
  change: number;
}

/** Factor of a rate that gets a tenth better, and of a time that does. */
const better = 1.1;
const shorter = 0.9;

const fasterProduct = (p: ProductModel): ProductModel => ({
  ...p,
  secondsPerFlop: p.secondsPerFlop / better,
});

const widerProduct = (p: ProductModel): ProductModel => ({
  ...p,
  secondsPerByte: p.secondsPerByte / better,
});

const fasterDevice = (d: DeviceModel): DeviceModel => ({
  ...d,
  product: fasterProduct(d.product),
  grouped: fasterProduct(d.grouped),
  attention: {
    forward: {
      ...d.attention.forward,
      secondsPerFlop: d.attention.forward.secondsPerFlop / better,
    },
    backward: {
      ...d.attention.backward,
      secondsPerFlop: d.attention.backward.secondsPerFlop / better,
    },
  },
});

const widerDevice = (d: DeviceModel): DeviceModel => ({
  ...d,
  product: widerProduct(d.product),
  grouped: widerProduct(d.grouped),
  secondsPerByte: d.secondsPerByte / better,
  castSecondsPerByte: d.castSecondsPerByte / better,
});

const withTiers = (machine: Machine, change: (tier: FabricTier) => FabricTier): Machine => ({
  ...machine,
  fabric: { ...machine.fabric, tiers: machine.fabric.tiers.map(change) },
});

const widerTier = (t: FabricTier): FabricTier => ({
  ...t,
  bandwidthBytesPerSecond: t.bandwidthBytesPerSecond * better,
});

const quickerTier = (t: FabricTier): FabricTier => ({
  ...t,
  latencySeconds: t.latencySeconds * shorter,
  lowLatencySeconds: t.lowLatencySeconds * shorter,
});

/** Inputs of the machine and how they are made better, in the words of the table. */
const changes: readonly (readonly [string, (machine: Machine) => Machine])[] = [
  ["peak FLOP/s, 10 % more", (m) => ({
    ...m,
    device: fasterDevice(m.device),
    wide: fasterDevice(m.wide),
  })],
  ["memory bandwidth, 10 % more", (m) => ({
    ...m,
    device: widerDevice(m.device),
    wide: widerDevice(m.wide),
  })],
  [
    "bandwidth inside a node, 10 % more",
    (m) => withTiers(m, (tier) => tier.network ? tier : widerTier(tier)),
  ],
  [
    "network bandwidth, 10 % more",
    (m) => withTiers(m, (tier) => tier.network ? widerTier(tier) : tier),
  ],
  ["latencies of links, 10 % less", (m) => withTiers(m, quickerTier)],
  ["host seconds of a kernel, 10 % less", (m) => ({
    ...m,
    stack: { ...m.stack, hostSeconds: m.stack.hostSeconds * shorter },
  })],
  ["seconds between kernels, 10 % less", (m) => ({
    ...m,
    stack: { ...m.stack, gapSeconds: m.stack.gapSeconds * shorter },
  })],
];

/** Plans with another micro-batch, where they hold. */
function otherPlans({ plan, cluster, sizes, workload }: Simulation): [string, Plan][] {
  const site = { devices: cluster.devices, sizes, workload };
  return ([[2, "twice"], [0.5, "half"]] as const).flatMap(([factor, word]): [string, Plan][] => {
    const other = { ...plan, microBatch: plan.microBatch * factor };
    const holds = Number.isInteger(other.microBatch) && planFault(other, site) === undefined;
    return holds ? [[`micro-batch, ${word} as large`, other]] : [];
  });
}

/** What each input changes, the most decisive first. */
export function sensitivities(simulation: Simulation): Sensitivity[] {
  const machine = simulationMachine(simulation);
  const now = closedSeconds(simulation, machine);
  const said = (input: string, stepSeconds: number): Sensitivity => ({
    input,
    stepSeconds,
    change: stepSeconds / now - 1,
  });
  return [
    ...changes.map(([input, change]) => said(input, closedSeconds(simulation, change(machine)))),
    ...otherPlans(simulation).map(([input, plan]) =>
      said(input, closedSeconds({ ...simulation, plan }, machine))
    ),
  ].sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
}
