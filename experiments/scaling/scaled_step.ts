/**
 * The best plan of a point with what follows from it.
 *
 * @module
 */
import type { Plan } from "../../sim/plan/plan.ts";
import type { SearchProblem } from "../../sim/search/problem.ts";
import { problemOf, simulationOf } from "../planner/planning.ts";
import { type StepRates, stepRates } from "../simulate/rates.ts";
import { simulationMachine } from "../simulate/simulation.ts";
import { simulationMemory } from "../simulate/simulation_memory.ts";
import { type Breakdown, closedStep } from "../simulate/step.ts";
import type { BestPlans } from "./best_plans.ts";
import type { SweepPoint } from "./sweeps.ts";

/** A step under the best plan of a point; see the module. */
export interface ScaledStep {
  /** The plan. */
  plan: Plan;
  /** Seconds of the step in closed form. */
  stepSeconds: number;
  /** Memory of the fullest stage, bytes. */
  peakBytes: number;
  /** Memory of a device, bytes. */
  deviceBytes: number;
  /** What follows from the seconds. */
  rates: StepRates;
  /** Where the step goes; the parts add up to it. */
  breakdown: Breakdown;
}

/** A point with the best plan of it, where there is one. */
export interface ScaledPoint extends SweepPoint {
  /** What was found. */
  found: BestPlans;
  /** The best; nothing where no plan fits. */
  step?: ScaledStep;
}

/** What the planner is asked at a point. */
export function problemAt({ planning }: SweepPoint): SearchProblem {
  return problemOf(planning);
}

/** A point with what was found for it. */
export function scaledPoint(point: SweepPoint, found: BestPlans): ScaledPoint {
  const [best] = found.best;
  if (best === undefined) return { ...point, found };
  const simulation = simulationOf(point.planning, best.plan);
  const { stepSeconds, breakdown } = closedStep(simulation, simulationMachine(simulation));
  const { peakBytes, deviceBytes } = simulationMemory(simulation);
  const step = {
    ...{ plan: best.plan, stepSeconds, peakBytes, deviceBytes, breakdown },
    rates: stepRates(simulation, stepSeconds),
  };
  return { ...point, found, step };
}
