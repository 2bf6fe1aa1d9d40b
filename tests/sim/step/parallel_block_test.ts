/** Tokens that travel beside the attention of a parallel block, in closed form and in events. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { modelPreset } from "../../../core/spec/mod.ts";
import { closedForm, exposedTokens } from "../../../sim/cost/closed_form.ts";
import type { LayerPhase } from "../../../sim/cost/phases.ts";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import { stepCosts } from "../../../sim/cost/step_costs.ts";
import type { Overlap } from "../../../sim/plan/plan.ts";
import { planFault } from "../../../sim/plan/plan_rules.ts";
import { simulateStep } from "../../../sim/step/simulate_step.ts";
import { type RandomStep, randomSteps } from "./random_plans.ts";

const closed = (step: RandomStep) => closedForm(stepCosts(step), step.plan, step.machine);

const hiding = (step: RandomStep, experts: Overlap["experts"]): RandomStep => ({
  ...step,
  plan: { ...step.plan, overlap: { ...step.plan.overlap, experts } },
});

/** Random steps of mixtures whose halves run in parallel, every second with attention experts. */
function parallelSteps(count: number, seed: number): RandomStep[] {
  const where = ({ sizes }: RandomStep) => sizes.moe !== undefined;
  return randomSteps(count, { seed, where }).map((step, i) => {
    const attention = i % 2 === 0 ? step.sizes.attention : { ...step.sizes.attention, experts: 4 };
    return hiding({ ...step, sizes: { ...step.sizes, parallel: true, attention } }, "attention");
  });
}

Deno.test("tokens beside attention: events and closed form agree within 2 %", () => {
  const errors = parallelSteps(160, 11).map((step) => {
    const ratio = closed(step).stepSeconds / simulateStep(step, { contention: false }).stepSeconds;
    assert(Math.abs(ratio - 1) < 0.02, `${ratio} for ${JSON.stringify(step.plan)}`);
    return Math.abs(ratio - 1);
  }).sort((a, b) => a - b);
  assert(errors[80] < 0.0005, `median ${errors[80]}`);
});

Deno.test("whatever an exchange leaves to kernels beside it, both agree", () => {
  for (const experts of [0, 1]) {
    for (const step of parallelSteps(25, 40 + experts)) {
      const { stack } = step.machine;
      const hiddenShare = { ...stack.hiddenShare, experts };
      const of = { ...step, machine: { ...step.machine, stack: { ...stack, hiddenShare } } };
      const ratio = closed(of).stepSeconds / simulateStep(of, { contention: false }).stepSeconds;
      assert(Math.abs(ratio - 1) < 0.02, `${ratio} for ${JSON.stringify(step.plan)}`);
    }
  }
});

Deno.test("beside attention a micro-batch takes no longer than with nothing beside tokens", () => {
  let faster = 0;
  for (const step of parallelSteps(120, 3)) {
    if (step.plan.zero === 3) continue;
    const [beside, none] = [step, hiding(step, "none")].map((one) => closed(one).busySeconds);
    assert(beside <= none * (1 + 1e-9), JSON.stringify(step.plan));
    if (beside < 0.99 * none) faster++;
  }
  assert(faster > 30, `${faster} steps`);
});

Deno.test("what shows of tokens: what outlasts attention, and the share that stops kernels", () => {
  const [step] = parallelSteps(1, 5);
  const { plan } = step;
  const machine = {
    ...step.machine,
    stack: {
      ...step.machine.stack,
      ...{ hostSeconds: 0, gapSeconds: 0 },
      hiddenShare: { ...step.machine.stack.hiddenShare, experts: 0.75 },
    },
  };
  const phase = { mixerSeconds: 3, expertSeconds: 1, ffnSeconds: 0, routeSeconds: 0 } as LayerPhase;
  const shown = (dispatchSeconds: number, combineSeconds: number) =>
    exposedTokens(
      {
        ...{ sharedSeconds: 0, mergeSeconds: 0, kernels: 0 },
        ...phase,
        ...{ dispatchSeconds, combineSeconds },
      } as LayerPhase,
      plan,
      machine,
    );
  // Three seconds of attention hide all but a quarter of two, and three of seven.
  assertAlmostEquals(shown(1, 1), 0.5);
  assertAlmostEquals(shown(4, 3), 4);
  assertEquals(shown(0, 0), 0);
});

Deno.test("no plan hides tokens behind attention where blocks are serial, or experts missing", () => {
  const [step] = parallelSteps(1, 7);
  const fault = (id: string) => {
    const sizes = sizesOf(modelPreset(id));
    const moe = sizes.moe !== undefined;
    const degrees = { tp: 1, cp: 1, pp: 1, vpp: 1, etp: 1, ep: moe ? 4 : 1, dp: 8 };
    const plan = {
      ...step.plan,
      ...degrees,
      ...{
        schedule: "1f1b" as const,
        sequenceParallel: false,
        globalBatch: 8,
        microBatch: 1,
        zero: 0 as const,
      },
      ...{ recompute: "none" as const, stageLayers: undefined },
    };
    const { workload } = step;
    return planFault(plan, { devices: 8, sizes, workload })?.says;
  };
  assertEquals(fault("bam-small"), undefined);
  assertEquals(fault("btx-small"), undefined);
  const wanted =
    "experts:attention is for experts beside the attention of a parallel block, which ";
  assertEquals(fault("mixtral-8x7b"), `${wanted}mixtral-8x7b has not`);
  assertEquals(fault("bam-small-seed"), `${wanted}bam-small-seed has not`);
});
