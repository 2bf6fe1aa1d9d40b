/** What holds for every simulated step. @module */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Fabric } from "../../../sim/network/fabric.ts";
import type { Span } from "../../../sim/engine/span.ts";
import { breakdowns } from "../../../sim/step/breakdown.ts";
import { simulateStep } from "../../../sim/step/simulate_step.ts";
import { stepMemory } from "../../../sim/step/step_memory.ts";
import { stepPath } from "../../../sim/step/step_path.ts";
import { stepSpans } from "../../../sim/step/step_spans.ts";
import { stepTraffic } from "../../../sim/step/traffic.ts";
import { type RandomStep, randomSteps } from "./random_plans.ts";

const steps = randomSteps(30, { seed: 7001 });
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

/** The step under skewed routing, where it has experts. */
function skewed(step: RandomStep): RandomStep {
  const routing = { kind: "skew", exponent: 0.5, seed: 2 } as const;
  return { ...step, workload: { ...step.workload, routing } };
}

function faster(fabric: Fabric): Fabric {
  const tiers = fabric.tiers.map((tier) => ({
    ...tier,
    bandwidthBytesPerSecond: 2 * tier.bandwidthBytesPerSecond,
  }));
  return { ...fabric, tiers };
}

Deno.test("the time of every rank sums to the step", () => {
  for (const step of steps) {
    const simulated = simulateStep(step);
    for (const { breakdown } of [simulated, ...breakdowns(simulated)]) {
      const parts = Object.values(breakdown);
      assertAlmostEquals(sum(parts) / simulated.stepSeconds, 1, 1e-9);
      assert(parts.every((seconds) => seconds >= 0));
    }
    assertEquals(simulated.breakdown.imbalance, 0);
    assertAlmostEquals(simulated.breakdown.fixed, step.machine.stack.fixedSeconds, 1e-12);
  }
});

Deno.test("the critical path sums to the step", () => {
  for (const step of steps) {
    const simulated = simulateStep(step);
    const { secondsByKind, secondsByName } = stepPath(simulated);
    assertAlmostEquals(sum(Object.values(secondsByKind)) / simulated.stepSeconds, 1, 1e-9);
    assertAlmostEquals(sum(Object.values(secondsByName)) / simulated.stepSeconds, 1, 1e-9);
  }
});

Deno.test("spans of one lane never overlap, under skew and shared ports", () => {
  for (const step of steps.filter(({ plan }) => plan.ep < 16).slice(0, 10)) {
    const simulated = simulateStep(skewed(step));
    const lanes = new Map<string, Span>();
    for (const span of stepSpans(simulated)) {
      const key = `${span.rank}/${span.stream}`;
      const before = lanes.get(key);
      const early = (before?.endSeconds ?? 0) - span.startSeconds;
      assert(early <= 1e-9 * simulated.stepSeconds, `${key}: ${before?.name}, ${span.name}`);
      assert(span.endSeconds <= simulated.stepSeconds * (1 + 1e-9));
      lanes.set(key, span);
    }
  }
});

Deno.test("bytes that are sent are received", () => {
  for (const step of steps.filter(({ plan }) => plan.ep < 16).slice(0, 16)) {
    for (const { name, sentBytes, receivedBytes } of stepTraffic(simulateStep(skewed(step)))) {
      assert(sentBytes > 0 || step.plan.ep * step.plan.etp === 1 || name !== "dispatch");
      assertAlmostEquals(receivedBytes, sentBytes, 1e-9 * sentBytes);
    }
  }
});

Deno.test("memory returns to its start on every stage", () => {
  for (const step of steps) {
    const simulated = simulateStep(step);
    for (let stage = 0; stage < step.plan.pp; stage++) {
      const { staticBytes, points, peak } = stepMemory(simulated, stage);
      const last = points.at(-1)!;
      assertAlmostEquals(last.totalBytes, staticBytes, 1e-9 * staticBytes);
      assert(peak.totalBytes > staticBytes && last.at <= simulated.stepSeconds);
    }
  }
});

Deno.test("more bandwidth is never slower where nobody shares a port", () => {
  for (const step of steps) {
    const { machine } = step;
    const quick = { ...step, machine: { ...machine, fabric: faster(machine.fabric) } };
    const [before, after] = [step, quick].map((input) =>
      simulateStep(input, { contention: false }).stepSeconds
    );
    assert(
      after <= before * (1 + 1e-9),
      `${after} s, not ${before} s: ${JSON.stringify(step.plan)}`,
    );
  }
});

Deno.test("sharing ports never makes a step without pipeline faster, nor lone exchanges slower", () => {
  for (const step of steps.filter(({ plan }) => plan.pp === 1)) {
    const [alone, shared] = [false, true].map((contention) =>
      simulateStep(step, { contention }).stepSeconds
    );
    assert(shared >= alone * (1 - 1e-9));
    const { gradients, parameters, experts } = step.plan.overlap;
    if (!gradients && !parameters && experts === "none") {
      assertAlmostEquals(shared / alone, 1, 1e-9);
    }
  }
});
