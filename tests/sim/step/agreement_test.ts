/** Whole steps in events against the closed form. @module */
import { assert } from "@std/assert";
import { closedForm } from "../../../sim/cost/closed_form.ts";
import { stepCosts } from "../../../sim/cost/step_costs.ts";
import { simulateStep } from "../../../sim/step/simulate_step.ts";
import { type RandomStep, randomSteps } from "./random_plans.ts";

/**
 * Steps for which the closed form needs no rule of thumb: nothing is exchanged between data ranks for
 * every micro-batch, little once a step by all stages of a pipeline together (what slows the last
 * backward pass of a stage delays the one before it), and operations do not overlap in pairs.
 */
function quiet({ sizes, plan, workload, machine }: RandomStep): boolean {
  const { experts } = plan.overlap;
  if (experts === "batches" || experts === "dualpipe" || plan.schedule.startsWith("dualpipe")) {
    return false;
  }
  if (plan.zero === 3) return false;
  const costed = stepCosts({ sizes, plan, workload, machine });
  const { stepSeconds } = closedForm(costed, plan, machine);
  return costed.perStep.every(({ gradientSeconds: gradients, parameterSeconds: parameters }) =>
    plan.pp * (gradients + parameters) < 0.06 * stepSeconds
  );
}

/** Seconds in events over those in closed form, nobody sharing a port. */
function ratio(step: RandomStep): number {
  const { costed, stepSeconds } = simulateStep(step, { contention: false });
  return stepSeconds / closedForm(costed, step.plan, step.machine).stepSeconds;
}

const words = ({ sizes, devices, plan }: RandomStep) =>
  `${sizes.name} on ${devices}: ${JSON.stringify(plan)}`;

Deno.test("events and closed form agree on 500 quiet steps", () => {
  for (const step of randomSteps(500, { seed: 1, where: quiet })) {
    const of = ratio(step);
    assert(Math.abs(of - 1) < 0.03, `${of} for ${words(step)}`);
  }
});

Deno.test("events and closed form are close on most steps of any kind", () => {
  const errors = randomSteps(150, { seed: 5001 }).map((step) => Math.abs(ratio(step) - 1));
  errors.sort((a, b) => a - b);
  assert(errors[75] < 0.01, `median ${errors[75]}`);
  assert(errors[135] < 0.1, `90th percentile ${errors[135]}`);
});
