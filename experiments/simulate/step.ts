/**
 * The time of a simulated step in closed form, and where it goes.
 *
 * @module
 */
import { closedForm } from "../../sim/cost/closed_form.ts";
import type { Machine } from "../../sim/cost/machine.ts";
import { stepCosts } from "../../sim/cost/step_costs.ts";
import { type HiddenParts, type StepParts, stepParts } from "../../sim/explain/step_parts.ts";
import type { Simulation } from "./simulation.ts";

/** Where the time of a step goes; the parts add up to the step. */
export type Breakdown = StepParts;

/** Exchanges of the slowest stage that run beside its kernels; they are in no part of the step. */
export type HiddenSeconds = HiddenParts;

/** A step in closed form. */
export interface ClosedStep {
  /** The step. */
  stepSeconds: number;
  /** Its parts. */
  breakdown: Breakdown;
  /** What is hidden behind them. */
  hidden: HiddenSeconds;
  /** The stage whose work is longest, from 0. */
  slowestStage: number;
  /** FLOP that a device of the slowest stage does, recomputation included. */
  deviceFlops: number;
}

/** Seconds of a step in closed form alone. */
export function closedSeconds(simulation: Simulation, machine: Machine): number {
  const { sizes, plan, workload } = simulation;
  return closedForm(stepCosts({ sizes, plan, workload, machine }), plan, machine).stepSeconds;
}

/** The step of a simulation in closed form, with its parts. */
export function closedStep(simulation: Simulation, machine: Machine): ClosedStep {
  const { sizes, plan, workload } = simulation;
  const { time, parts, hidden, deviceFlops } = stepParts({ sizes, plan, workload, machine });
  const { stepSeconds, slowestStage } = time;
  return { stepSeconds, breakdown: parts, hidden, slowestStage, deviceFlops };
}
