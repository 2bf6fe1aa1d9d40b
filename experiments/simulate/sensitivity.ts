/**
 * What would change a step: its time with one input a tenth better, all others as they are.
 *
 * @module
 */
import type { Machine } from "../../sim/cost/machine.ts";
import {
  changedMachine,
  type MachineInput,
  machineInputKinds,
  machineInputs,
} from "../../sim/explain/machine_changes.ts";
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
const better = { rate: 1.1, time: 0.9 };

/** Inputs of the machine, in the words of the table. */
const names: Readonly<Record<MachineInput, string>> = {
  flops: "peak FLOP/s",
  "memory-bandwidth": "memory bandwidth",
  "node-bandwidth": "bandwidth inside a node",
  "network-bandwidth": "network bandwidth",
  latency: "latencies of links",
  host: "host seconds of a kernel",
  gaps: "seconds between kernels",
};

/** An input of the machine made better, in words, and the machine. */
function betterMachine(input: MachineInput, machine: Machine): [string, Machine] {
  const kind = machineInputKinds[input];
  return [
    `${names[input]}, 10 % ${kind === "rate" ? "more" : "less"}`,
    changedMachine(machine, { input, factor: better[kind] }),
  ];
}

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
    ...machineInputs.map((input) => {
      const [words, changed] = betterMachine(input, machine);
      return said(words, closedSeconds(simulation, changed));
    }),
    ...otherPlans(simulation).map(([input, plan]) =>
      said(input, closedSeconds({ ...simulation, plan }, machine))
    ),
  ].sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
}
