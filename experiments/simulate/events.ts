/**
 * A step simulated event by event: what the closed form cannot say.
 *
 * @module
 */
import type { Timeline } from "../../reports/result.ts";
import { computeFactor } from "../../sim/cluster/faults.ts";
import type { MemoryTimeline } from "../../sim/memory/timeline.ts";
import type { Breakdown as EventBreakdown } from "../../sim/step/breakdown.ts";
import { type SimulatedStep, simulateStep } from "../../sim/step/simulate_step.ts";
import { stepMemory } from "../../sim/step/step_memory.ts";
import { stepPath } from "../../sim/step/step_path.ts";
import { stepSpans } from "../../sim/step/step_spans.ts";
import { type Simulation, simulationMachine } from "./simulation.ts";

/** What the events say of a step. */
export interface EventFigures {
  /** The step. */
  stepSeconds: number;
  /** Where the time of a rank goes, on average; sums to the step. */
  breakdown: EventBreakdown;
  /** The critical path: its seconds by what is done, longest first, and by stage. */
  criticalPath: { secondsByName: Record<string, number>; secondsByStage: number[] };
  /** Memory of each stage as its operations ran: the highest point and when it is. */
  memoryPeaks: { stage: number; atSeconds: number; totalBytes: number }[];
  /** Ranks that were simulated, each for all that do the same. */
  simulatedRanks: number;
}

/** Simulates a step by its events. */
export function simulateEvents(simulation: Simulation): SimulatedStep {
  const { sizes, plan, workload, cluster } = simulation;
  const machine = simulationMachine(simulation);
  const speedOf = (rank: number) => computeFactor(rank, cluster);
  return simulateStep({ sizes, plan, workload, machine }, { speedOf });
}

function peakOf(stage: number, { peak }: MemoryTimeline): EventFigures["memoryPeaks"][number] {
  return { stage, atSeconds: peak.at, totalBytes: peak.totalBytes };
}

/** The figures of a simulated step. */
export function eventFigures(step: SimulatedStep): EventFigures {
  const { stepSeconds, breakdown, ranks, input: { plan } } = step;
  const { secondsByName, secondsByStage } = stepPath(step);
  return {
    stepSeconds,
    breakdown,
    criticalPath: { secondsByName, secondsByStage },
    memoryPeaks: Array.from(
      { length: plan.pp },
      (_, stage) => peakOf(stage, stepMemory(step, stage)),
    ),
    simulatedRanks: ranks.first.length * plan.pp,
  };
}

/** The spans of a simulated step as a timeline, a rank for all that do the same. */
export function stepTimeline(step: SimulatedStep, simulation: Simulation): Timeline {
  const { sizes, cluster } = simulation;
  return {
    id: "step",
    title: `A step of ${sizes.name} on ${cluster.devices} x ${cluster.id}`,
    note: "A rank of each stage stands for all that do the same.",
    kind: "simulated",
    spans: stepSpans(step),
  };
}
