/**
 * Whole steps in events against the closed form, nobody sharing a port.
 *
 * What still differs, and by how much at the most: the closed form cuts once-a-step exchanges into
 * equal buckets, the events by a layer's parameters (1.5 % where they take a fifth of a short step);
 * beyond a few rounds of micro-batches it adds what the last round took (0.5 %).
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { closedForm, exposedTokens, phaseSeconds } from "../../../sim/cost/closed_form.ts";
import { type CostedStep, stepCosts } from "../../../sim/cost/step_costs.ts";
import { scheduleFacts, scheduleNames } from "../../../sim/pipeline/schedule.ts";
import { expertOverlaps, type Plan } from "../../../sim/plan/plan.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { simulateStep } from "../../../sim/step/simulate_step.ts";
import { type RandomStep, randomSteps } from "./random_plans.ts";

const closed = (step: RandomStep) => closedForm(stepCosts(step), step.plan, step.machine);

/** Seconds in closed form over those in events. */
function ratio(step: RandomStep): number {
  return closed(step).stepSeconds / simulateStep(step, { contention: false }).stepSeconds;
}

const words = ({ sizes, devices, plan }: RandomStep) =>
  `${sizes.name} on ${devices}: ${JSON.stringify(plan)}`;

Deno.test("events and closed form agree within 2 % on 500 steps of any kind", () => {
  const steps = randomSteps(500, { seed: 1 });
  const times = (is: (plan: Plan) => boolean) => steps.filter(({ plan }) => is(plan)).length;
  for (const name of scheduleNames) assert(times((plan) => plan.schedule === name) >= 15, name);
  // Hiding tokens behind attention takes parallel blocks: see `parallel_block_test.ts`.
  for (const way of expertOverlaps.filter((way) => way !== "attention")) {
    assert(times((plan) => plan.overlap.experts === way) >= 15, way);
  }
  for (const zero of [0, 1, 2, 3]) assert(times((plan) => plan.zero === zero) >= 15, `${zero}`);
  const errors = steps.map((step) => {
    const of = ratio(step);
    assert(Math.abs(of - 1) < 0.02, `${of} for ${words(step)}`);
    return Math.abs(of - 1);
  });
  errors.sort((a, b) => a - b);
  assert(errors[250] < 0.0005, `median ${errors[250]}`);
  assert(errors[450] < 0.003, `90th percentile ${errors[450]}`);
});

Deno.test("whatever hides little or all of an exchange, both agree", () => {
  for (const share of [0, 0.9, 1]) {
    const hiddenShare = { tensor: share, gradients: share, parameters: share, experts: share };
    for (const step of randomSteps(25, { seed: 300 + share })) {
      const machine = { ...step.machine, stack: { ...baseStack, hiddenShare } };
      const of = ratio({ ...step, machine });
      assert(Math.abs(of - 1) < 0.02, `${of} with ${share} hidden for ${words(step)}`);
    }
  }
});

/** Kernels and stops of a micro-batch on a stage: no exchange of tokens or between data ranks. */
function staying({ plan, machine }: RandomStep, costs: CostedStep, stage: number): number {
  let seconds = 0;
  for (const { layers } of costs.stages[stage]) {
    for (const { forward, backwardInput, backwardWeight } of layers) {
      for (const phase of [forward, backwardInput, backwardWeight]) {
        seconds += phaseSeconds(phase, plan, machine) - exposedTokens(phase, plan, machine);
      }
    }
  }
  return seconds / scheduleFacts[plan.schedule].copies;
}

Deno.test("the parts of a step are not below 0 and add up to it, and so do those of a stage", () => {
  for (const step of randomSteps(300, { seed: 77 })) {
    const costs = stepCosts(step);
    const time = closed(step);
    const { busySeconds, bubbleSeconds, dataSeconds, updateSeconds } = time;
    const parts = [busySeconds, bubbleSeconds, dataSeconds, updateSeconds, costs.fixedSeconds];
    const exposed = Object.values(time.exposed);
    const least = -1e-12 * time.stepSeconds;
    assert([...parts, ...exposed].every((part) => part >= least), words(step));
    const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
    assertAlmostEquals(sum(parts) / time.stepSeconds, 1, 1e-12);
    const work = costs.microBatches * staying(step, costs, time.slowestStage);
    // A stage that never waits may be a little ahead of what its pairs take on average.
    if (bubbleSeconds > 0) assertAlmostEquals((work + sum(exposed)) / busySeconds, 1, 1e-9);
    if (step.plan.zero < 3) assertEquals(time.exposed.shardSeconds, 0);
    if (step.plan.overlap.pipeline) assert(time.exposed.sendSeconds < 1e-9 * busySeconds);
  }
});

Deno.test("tokens beside another micro-batch: only where operations run in pairs", () => {
  const wide = (step: RandomStep) => step.plan.ep >= 8 && step.plan.zero < 3;
  const times = (step: RandomStep, experts: Plan["overlap"]["experts"]) =>
    closed({ ...step, plan: { ...step.plan, overlap: { ...step.plan.overlap, experts } } });
  const saved = (schedule: Plan["schedule"]) => {
    const where = (step: RandomStep) =>
      wide(step) && step.plan.schedule === schedule && step.plan.pp > 1;
    return randomSteps(5, { seed: 5, where }).map((step) => {
      const [none, batches] = [times(step, "none"), times(step, "batches")];
      return 1 - batches.exposed.tokenSeconds / none.exposed.tokenSeconds;
    });
  };
  // Gradients of weights hide some of the way back everywhere, but in schedules that keep them apart.
  assert(saved("zb-h1").every((share) => Math.abs(share) < 1e-9));
  assert(saved("1f1b").every((share) => share > 0 && share < 0.35));
  assert(saved("interleaved").every((share) => share > 0.35));
});
