/**
 * Plans that a search found, as lines of a record.
 *
 * @module
 */
import type { Plan } from "../../sim/plan/plan.ts";
import { formatPlan } from "../../sim/plan/plan_words.ts";
import type { ConfirmedPlan } from "../../sim/search/confirm_plans.ts";
import { deviceProfile } from "../../sim/cluster/profiles.ts";
import type { KnownErrors } from "../simulate/known_errors.ts";
import { stepRates } from "../simulate/rates.ts";
import { withInterval } from "../simulate/report.ts";
import { simulationMachine } from "../simulate/simulation.ts";
import { type Breakdown, closedStep } from "../simulate/step.ts";
import type { PlanGroup } from "./group_plans.ts";
import type { BestLine, PlanLine, PlanPart } from "./plan_record.ts";
import { type Planning, simulationOf } from "./planning.ts";

/** A plan with its price. */
export interface PricedPlan {
  /** The plan. */
  plan: Plan;
  /** Seconds of a step in closed form. */
  stepSeconds: number;
  /** Memory of the fullest stage, bytes. */
  peakBytes: number;
}

/** A plan as a line; its rates are those of a step of `seconds`, in closed form unless given. */
export function planLine(
  { plan, stepSeconds, peakBytes }: PricedPlan,
  planning: Planning,
  options: { hourDollars?: number; seconds?: number } = {},
): PlanLine {
  const { hourDollars, seconds = stepSeconds } = options;
  const rates = stepRates(simulationOf(planning, plan), seconds, { hourDollars });
  const { tokensPerSecond, mfuFraction, energyJoules, dollars } = rates;
  return {
    plan: formatPlan(plan),
    devices: planning.cluster.devices,
    closedSeconds: stepSeconds,
    peakBytes,
    memoryFraction: peakBytes / deviceProfile(planning.cluster.device).memoryBytes,
    tokensPerSecond,
    mfuFraction,
    ...(energyJoules !== undefined && { energyJoules }),
    ...(dollars !== undefined && { dollars }),
  };
}

/** Parts that a line has, the longest. */
const PARTS = 5;

/** The longest parts of a step in closed form. */
function longestParts(plan: Plan, planning: Planning): PlanPart[] {
  const simulation = simulationOf(planning, plan);
  const { breakdown, stepSeconds } = closedStep(simulation, simulationMachine(simulation));
  return (Object.entries(breakdown) as [keyof Breakdown, number][])
    .sort(([, a], [, b]) => b - a)
    .slice(0, PARTS)
    .map(([part, seconds]) => ({ part, seconds, shareFraction: seconds / stepSeconds }));
}

/** The best plan of a group, run by events, as a line. */
export function bestLine(
  { best, alike, more }: PlanGroup<ConfirmedPlan>,
  planning: Planning,
  options: { errors: KnownErrors; hourDollars?: number; closedPlace: number },
): BestLine {
  const { errors, hourDollars, closedPlace } = options;
  const { plan, eventSeconds } = best;
  return {
    ...planLine(best, planning, { hourDollars, seconds: eventSeconds }),
    step: withInterval(eventSeconds, errors, "events"),
    eventSeconds,
    closedPlace,
    parts: longestParts(plan, planning),
    alike: { plans: alike, more },
  };
}
