/**
 * A placement under a trace: made by its first half, judged by its second.
 *
 * @module
 */
import type { PlacementLaw } from "../../sim/placement/law.ts";
import { placedSlots } from "../../sim/placement/placed_slots.ts";
import { slotLoads } from "../../sim/placement/slots.ts";
import { imbalance } from "../../sim/step/layer/routing.ts";
import type { Breakdown } from "../../sim/step/breakdown.ts";
import { simulateEvents } from "../simulate/events.ts";
import type { Simulation } from "../simulate/simulation.ts";
import { simulationMemory } from "../simulate/simulation_memory.ts";
import type { Arm } from "./arms.ts";
import type { HalvedTrace } from "./synthetic_trace.ts";

/** What a placement comes to. */
export interface Judged {
  /** Fullest rank over the mean by layer, for the half that it was made by. */
  own_L: number[];
  /** The same for the other half. */
  heldOut_L: number[];
  /** The step under the other half, by events. */
  stepSeconds: number;
  /** Where its time goes. */
  breakdown: Breakdown;
  /** Planned memory of the fullest stage. */
  peakBytes: number;
  /** Whether it fits. */
  fits: boolean;
}

/** What an arm is judged on. */
export interface JudgedSite {
  /** The step, without routing or placement. */
  simulation: Simulation;
  /** Devices of a node. */
  nodeDevices: number;
  /** Seed of a placement at random. */
  seed: number;
}

/** The step of an arm under a trace. */
export function armSimulation(
  arm: Arm,
  { first, second }: HalvedTrace,
  { simulation, nodeDevices, seed }: JudgedSite,
): Simulation {
  const { sizes, plan, workload } = simulation;
  const redundant = arm.redundantPerRank * plan.ep;
  const placement: PlacementLaw = {
    ...{ kind: "method", method: arm.method, nodeDevices, seed },
    share_LE: first.counts_LE,
  };
  return {
    ...simulation,
    sizes: { ...sizes, moe: { ...sizes.moe!, ...(redundant > 0 && { redundant }) } },
    workload: { ...workload, routing: { kind: "trace", share_LE: second.counts_LE }, placement },
  };
}

/** Judges an arm. */
export function judgeArm(arm: Arm, trace: HalvedTrace, site: JudgedSite): Judged {
  const simulation = armSimulation(arm, trace, site);
  const { sizes, plan, workload } = simulation;
  const slots_LRS = trace.first.counts_LE.map((share_E, layer) =>
    placedSlots({ moe: sizes.moe!, plan, workload }, { layer, share_E })!.slots_RS
  );
  const under = (counts_LE: readonly (readonly number[])[]) =>
    counts_LE.map((load_E, layer) => imbalance(slotLoads(load_E, slots_LRS[layer])));
  const { stepSeconds, breakdown } = simulateEvents(simulation);
  const { peakBytes, fits } = simulationMemory(simulation);
  return {
    own_L: under(trace.first.counts_LE),
    heldOut_L: under(trace.second.counts_LE),
    ...{ stepSeconds, breakdown, peakBytes, fits },
  };
}
