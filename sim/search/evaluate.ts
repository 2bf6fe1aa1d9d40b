/**
 * A plan's price: what `closedForm` and `stageMemory` say.
 *
 * @module
 */
import { closedForm } from "../cost/closed_form.ts";
import { type PipelineTime, pipelineTime, type StepTime, stepTime } from "../cost/closed_step.ts";
import { type CostedStep, reshardedCosts, stepCosts } from "../cost/step_costs.ts";
import { fullestStage, type StageMemory, stageMemory } from "../memory/stage_memory.ts";
import { completePlan } from "../plan/complete_plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { SearchSite } from "./problem.ts";

/** A plan with what it comes to. */
export interface PlanPrice {
  /** The plan, complete. */
  plan: Plan;
  /** Seconds of a step. */
  stepSeconds: number;
  /** Memory of the fullest stage, bytes. */
  peakBytes: number;
  /** Dollars of a step, where the price of a device's hour is known. */
  dollars?: number;
  /** Joules of a step with every device at its power limit, where that is known. */
  energyJoules?: number;
  /** Where the time goes. */
  time: StepTime;
  /** Where the memory goes. */
  memory: StageMemory;
}

/** Seconds of a step in closed form; the plan is complete and holds. */
export function planTime(plan: Plan, site: SearchSite): StepTime {
  const { sizes, workload } = site;
  const machine = site.machine(plan.precision);
  return closedForm(stepCosts({ sizes, plan, workload, machine }), plan, machine);
}

/**
 * Times plans one after the other that differ in sharding and in what hides data ranks alone: below
 * ZeRO 3 they share their pipeline, which takes most of the pricing.
 */
export function alikeTimes(site: SearchSite): (plan: Plan) => StepTime {
  const { sizes, workload } = site;
  let known: { costs: CostedStep; pipeline: PipelineTime } | undefined;
  return (plan) => {
    if (plan.zero === 3) return planTime(plan, site);
    const machine = site.machine(plan.precision);
    const input = { sizes, plan, workload, machine };
    if (known) return stepTime(known.pipeline, reshardedCosts(known.costs, input), input);
    const costs = stepCosts(input);
    known = { costs, pipeline: pipelineTime(costs, plan, machine) };
    return stepTime(known.pipeline, costs, input);
  };
}

/** Memory of the fullest stage. */
export function planMemory(plan: Plan, site: SearchSite): StageMemory {
  const { sizes, workload, stack } = site;
  return fullestStage(stageMemory(sizes, plan, workload, stack));
}

/**
 * The price of a plan, checked.
 *
 * @throws {UserError} where the plan does not hold.
 */
export function pricePlan(input: Plan, site: SearchSite): PlanPrice {
  const plan = completePlan(input, site);
  const time = planTime(plan, site);
  const memory = planMemory(plan, site);
  const { hourDollars, powerWatts } = site.profile;
  const deviceSeconds = site.devices * time.stepSeconds;
  return {
    plan,
    stepSeconds: time.stepSeconds,
    peakBytes: memory.peakBytes,
    ...(hourDollars && { dollars: hourDollars / 3600 * deviceSeconds }),
    ...(powerWatts && { energyJoules: powerWatts * deviceSeconds }),
    time,
    memory,
  };
}
