/** What overlap does to plans, where the search relies on it and where it must not. @module */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { closedForm } from "../../../sim/cost/closed_form.ts";
import { stepCosts } from "../../../sim/cost/step_costs.ts";
import type { Overlap, Plan } from "../../../sim/plan/plan.ts";
import { planFault } from "../../../sim/plan/plan_rules.ts";
import { simulateStep } from "../../../sim/step/simulate_step.ts";
import { type RandomStep, randomSteps } from "../step/random_plans.ts";

const closed = (step: RandomStep) =>
  closedForm(stepCosts(step), step.plan, step.machine).stepSeconds;

const overlaid = (step: RandomStep, change: Partial<Overlap>, more: Partial<Plan> = {}) => ({
  ...step,
  plan: { ...step.plan, ...more, overlap: { ...step.plan.overlap, ...change } },
});

Deno.test("where no tokens travel nothing hides them, in closed form and in events", () => {
  let seen = 0;
  for (const step of randomSteps(700, { seed: 31 })) {
    if (!step.sizes.moe) continue;
    for (const experts of ["batches", "dualpipe"] as const) {
      const alone = { ep: 1, etp: 1 };
      const beside = overlaid(step, { experts }, alone);
      if (planFault(beside.plan, step) !== undefined) continue;
      const none = overlaid(step, { experts: "none" }, alone);
      const text = JSON.stringify(beside.plan);
      assertAlmostEquals(closed(beside) / closed(none), 1, 1e-9, text);
      if (step.plan.pp < 2 || seen++ % 8 > 0) continue;
      const [a, b] = [beside, none].map((of) =>
        simulateStep(of, { contention: false }).stepSeconds
      );
      assertAlmostEquals(a / b, 1, 1e-9, text);
      assertAlmostEquals(closed(beside) / a, 1, 0.02, text);
    }
  }
  assert(seen > 60, `${seen} steps`);
});

Deno.test("no step is faster than its slowest stage works, whatever runs beside what", () => {
  let pairs = 0;
  for (const step of randomSteps(400, { seed: 5 })) {
    const { busySeconds, bubbleSeconds } = closedForm(stepCosts(step), step.plan, step.machine);
    assert(bubbleSeconds >= -1e-9 * busySeconds, JSON.stringify(step.plan));
    if (step.plan.overlap.experts === "batches") pairs++;
  }
  assert(pairs > 20, `${pairs} steps with pairs`);
});

Deno.test("gradients beside kernels may be faster or slower, so both are tried", () => {
  const signs = new Set<number>();
  for (const step of randomSteps(150, { seed: 8 })) {
    const [beside, behind] = [true, false].map((gradients) =>
      closed(overlaid(step, { gradients }))
    );
    if (Math.abs(beside / behind - 1) > 1e-6) signs.add(Math.sign(beside - behind));
  }
  assertEquals([...signs].toSorted(), [-1, 1]);
});
