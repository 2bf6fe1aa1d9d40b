/**
 * The best plans once more, event by event: what the closed form ranked by rules about overlap is
 * ranked by what waits for what.
 *
 * @module
 */
import { clusterOf } from "../cluster/parse.ts";
import { computeFactor } from "../cluster/faults.ts";
import type { Breakdown } from "../step/breakdown.ts";
import { type SimulatedStep, simulateStep, type StepOptions } from "../step/simulate_step.ts";
import type { PlanPrice } from "./evaluate.ts";
import { type SearchProblem, searchSite } from "./problem.ts";

/** A plan priced both ways. */
export interface ConfirmedPlan extends PlanPrice {
  /** Its place by the closed form, from 0. */
  place: number;
  /** Seconds of a step by events. */
  eventSeconds: number;
  /** Where the time of an average rank goes. */
  breakdown: Breakdown;
}

/**
 * Runs plans by events and sorts them by the time that these take. Uneven routing and slow devices,
 * which the closed form leaves out, count here.
 */
export function confirmPlans(
  problem: SearchProblem,
  plans: readonly PlanPrice[],
  options: Pick<StepOptions, "contention" | "order"> & {
    /** Told of every step, in the order of the plans; a step is large. */
    ran?: (step: SimulatedStep) => void;
  } = {},
): ConfirmedPlan[] {
  const { ran, ...how } = options;
  const site = searchSite(problem);
  const { sizes, workload } = site;
  const cluster = clusterOf(problem.cluster);
  const speedOf = (rank: number) => computeFactor(rank, cluster);
  return plans.map((price, place) => {
    const { plan } = price;
    const machine = site.machine(plan.precision);
    const step = simulateStep({ sizes, plan, workload, machine }, { ...how, speedOf });
    ran?.(step);
    const { stepSeconds: eventSeconds, breakdown } = step;
    return { ...price, place, eventSeconds, breakdown };
  }).sort((a, b) => a.eventSeconds - b.eventSeconds);
}
