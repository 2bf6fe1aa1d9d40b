/**
 * The memory of a simulated step: what every stage holds at its peak, and whether it fits.
 *
 * @module
 */
import { deviceProfile } from "../../sim/cluster/profiles.ts";
import { type StageMemory, stageMemory } from "../../sim/memory/stage_memory.ts";
import type { Simulation } from "./simulation.ts";

/** Memory of all stages; see the module. */
export interface SimulationMemory {
  /** By stage, bytes on its fullest rank. */
  stages: readonly StageMemory[];
  /** The stage that needs most, from 0. */
  fullestStage: number;
  /** What it needs, bytes. */
  peakBytes: number;
  /** What a device has, bytes. */
  deviceBytes: number;
  /** Whether it fits. */
  fits: boolean;
}

/** The memory of a simulation. */
export function simulationMemory(
  { sizes, plan, workload, stack, cluster }: Simulation,
): SimulationMemory {
  const stages = stageMemory(sizes, plan, workload, stack);
  const peaks = stages.map((stage) => stage.peakBytes);
  const peakBytes = Math.max(...peaks);
  const { memoryBytes: deviceBytes } = deviceProfile(cluster.device);
  return {
    stages,
    fullestStage: peaks.indexOf(peakBytes),
    peakBytes,
    deviceBytes,
    fits: peakBytes <= deviceBytes,
  };
}
