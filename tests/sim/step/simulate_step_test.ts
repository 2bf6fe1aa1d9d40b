/** Whole steps against sums that can be done by hand. @module */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { phaseSeconds } from "../../../sim/cost/closed_form.ts";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import type { LayerPhase } from "../../../sim/cost/phases.ts";
import type { Overlap, Plan } from "../../../sim/plan/plan.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { simulateStep, type StepOptions } from "../../../sim/step/simulate_step.ts";
import { stepPath } from "../../../sim/step/step_path.ts";
import { stepSpans } from "../../../sim/step/step_spans.ts";
import { stepTraffic } from "../../../sim/step/traffic.ts";
import { llama70b, planWith, workload } from "../cost/examples.ts";
import { mixtral, qwen30b } from "./random_plans.ts";

const none: Overlap = {
  ...{ gradients: false, parameters: false, tensor: false, pipeline: false, experts: "none" },
};

function run(changes: Partial<Plan>, options: StepOptions & { hidden?: number } = {}) {
  const { hidden = 1, ...rest } = options;
  const plan = planWith(changes);
  const moe = plan.overlap.experts === "shared" ? qwen30b : mixtral;
  const sizes = plan.ep > 1 ? { ...moe, layers: 8 } : { ...llama70b, layers: 8 };
  const hiddenShare = { tensor: hidden, gradients: hidden, parameters: hidden, experts: hidden };
  const machine = machineOf(`h100:${plan.tp * plan.cp * plan.dp * plan.pp}`, "bf16")
    .machine({ ...baseStack, hiddenShare });
  return simulateStep({ sizes, plan, workload, machine }, rest);
}

function all({ costed }: ReturnType<typeof run>, count: (p: LayerPhase) => number): number {
  let sum = 0;
  for (const { layers } of costed.stages.flat()) {
    for (const { forward, backwardInput, backwardWeight } of layers) {
      sum += count(forward) + count(backwardInput) + count(backwardWeight);
    }
  }
  return sum;
}

Deno.test("a step of one stage that hides nothing is the sum of its parts", () => {
  for (const changes of [{ tp: 8, dp: 2 }, { dp: 8, ep: 8 }, { dp: 8, zero: 3 as const }]) {
    const plan = planWith({ ...changes, globalBatch: 2 * changes.dp, overlap: none });
    const step = run(plan);
    const { costed, input } = step;
    const [once] = costed.perStep;
    const micro = all(
      step,
      (p) => phaseSeconds(p, plan, input.machine) + p.gatherSeconds + p.scatterSeconds,
    );
    const expected = 2 * micro + once.gradientSeconds + once.parameterSeconds +
      once.updateSeconds + costed.fixedSeconds;
    assertAlmostEquals(step.stepSeconds / expected, 1, 1e-9);
  }
});

Deno.test("a pipeline of equal stages is (m + p - 1) micro-batches long", () => {
  const changes = { pp: 4, globalBatch: 12, overlap: { ...none, pipeline: true } };
  const step = run(changes);
  const forward = (stage: number) =>
    step.costed.stages[stage][0].layers.reduce(
      (sum, { forward, backwardInput, backwardWeight }) =>
        sum + [forward, backwardInput, backwardWeight].reduce(
          (total, phase) => total + phaseSeconds(phase, step.input.plan, step.input.machine),
          0,
        ),
      0,
    );
  const stages = [0, 1, 2, 3].map(forward);
  const slowest = Math.max(...stages);
  const bubble = stages.reduce((sum, seconds) => sum + seconds, 0) - slowest;
  const { updateSeconds } = step.costed.perStep.reduce((a, b) =>
    a.updateSeconds > b.updateSeconds ? a : b
  );
  const expected = 12 * slowest + bubble + updateSeconds + step.costed.fixedSeconds;
  assertAlmostEquals(step.stepSeconds / expected, 1, 0.002);
});

Deno.test("gradients that may hide show for their first layer alone", () => {
  const changes = { tp: 8, dp: 8, globalBatch: 64 };
  const shown = run({ ...changes, overlap: none });
  const hidden = run({ ...changes, overlap: { ...none, gradients: true } });
  const [{ gradientSeconds, parameterSeconds }] = hidden.costed.perStep;
  assertAlmostEquals(shown.breakdown.data, gradientSeconds + parameterSeconds, 1e-9);
  const left = hidden.breakdown.data - parameterSeconds;
  // What is reduced last is the input table.
  assert(left > 0.02 * gradientSeconds && left < 0.3 * gradientSeconds, `${left}`);
  const half = run({ ...changes, overlap: { ...none, gradients: true } }, { hidden: 0.5 });
  const standing = half.breakdown.data - parameterSeconds;
  assert(standing > 0.5 * gradientSeconds && standing < 0.7 * gradientSeconds, `${standing}`);
});

Deno.test("sharded parameters come while the layer before runs", () => {
  const changes = { dp: 8, zero: 3, globalBatch: 32 } as const;
  const shown = run({ ...changes, overlap: none });
  const hidden = run({ ...changes, overlap: { ...none, parameters: true, gradients: true } });
  const exchanged = 4 * all(shown, (p) => p.gatherSeconds + p.scatterSeconds);
  assertAlmostEquals(shown.breakdown.shards, exchanged, 1e-9 * exchanged);
  assert(hidden.breakdown.shards < 0.3 * exchanged);
  assertEquals(hidden.breakdown.data, 0);
});

Deno.test("tokens travel beside shared experts, or beside another micro-batch", () => {
  const changes = { dp: 16, ep: 16, globalBatch: 128 };
  const seconds = (experts: Overlap["experts"], hidden = 1) =>
    run({ ...changes, overlap: { ...none, experts } }, { hidden }).breakdown.experts;
  const plain = run({ ...changes, overlap: { ...none, experts: "shared" } });
  const exchange = 8 * all(plain, (p) => p.dispatchSeconds + p.combineSeconds);
  const beside = 8 * all(plain, (p) => Math.min(p.dispatchSeconds, p.sharedSeconds));
  assert(beside > 0);
  assert(plain.breakdown.experts < exchange && plain.breakdown.experts >= exchange - 1.5 * beside);
  const alone = seconds("none");
  assert(seconds("batches") < 0.5 * alone);
  const half = seconds("batches", 0.5);
  assert(half > 0.5 * alone && half < 0.75 * alone, `${half} of ${alone}`);
});

Deno.test("exchanges on one port share it, on two they do not", () => {
  // Tokens and gradients leave the node; parameters of the next layer do too.
  const plan = {
    ...{ dp: 16, ep: 16, globalBatch: 32 },
    overlap: { ...none, gradients: true, experts: "batches" },
  } as const;
  const [alone, shared] = [false, true].map((contention) => run(plan, { contention }));
  assert(shared.stepSeconds > 1.0001 * alone.stepSeconds);
  const both = { dp: 16, ep: 8, globalBatch: 32, overlap: { ...none, gradients: true } } as const;
  const [one, two] = [false, true].map((contention) => run(both, { contention }).stepSeconds);
  // Tokens stay in the node here, and gradients leave it.
  assertAlmostEquals(two / one, 1, 1e-9);
});

Deno.test("figures follow from the step", () => {
  const step = run({ tp: 8, dp: 2, globalBatch: 16 });
  assertEquals(step.devices, 16);
  assertAlmostEquals(step.tokensPerSecond, 16 * 4096 / step.stepSeconds, 1e-6);
  const flops = 3 * step.costed.stages[0][0].layers.reduce((sum, l) => sum + l.forward.flops, 0);
  const perDevice = 8 * flops / step.stepSeconds;
  assertAlmostEquals(step.modelFlopsPerSecondPerDevice / perDevice, 1, 1e-9);
  assertAlmostEquals(step.energyJoules!, 16 * 700 * step.stepSeconds, 1e-6);
});

Deno.test("the critical path of a pipeline ends on its first stage", () => {
  const step = run({ pp: 4, globalBatch: 8 });
  const { secondsByKind, secondsByStage } = stepPath(step);
  assertEquals(secondsByKind.bubble, 0);
  assert(secondsByKind.compute > 0.8 * step.stepSeconds);
  assert(secondsByStage.every((seconds) => seconds > 0));
});

Deno.test("a message is sent once for each micro-batch, stage and direction", () => {
  const step = run({ pp: 4, globalBatch: 8 });
  const [send] = stepTraffic(step).filter(({ name }) => name === "send");
  const bytes = 2 * 3 * 8 * 4096 * 8192 * 2;
  assertEquals([send.sentBytes, send.receivedBytes, send.times], [bytes, bytes, 12]);
  const names = new Set(stepSpans(step, { ranks: (rank) => rank === 0 }).map(({ name }) => name));
  assert(names.has("embedding") && names.has("update") && !names.has("output layer and loss"));
});

Deno.test("what cannot be is refused", () => {
  const wrong = (share_LE: number[][]) => () => {
    const plan = planWith({ ep: 8, dp: 8 });
    const machine = machineOf("h100:8", "bf16").machine(baseStack);
    const routing = { kind: "trace", share_LE } as const;
    return simulateStep({ sizes: mixtral, plan, workload: { ...workload, routing }, machine });
  };
  assertThrows(wrong([[1, 1]]), TypeError, "found 2 shares that sum to 2, wanted 8 of 0 or more");
  assertThrows(wrong([]), TypeError, "a trace of no layers");
  assertThrows(
    () => run({ pp: 3, globalBatch: 8, schedule: "dualpipe" }),
    TypeError,
    "Cannot run dualpipe with 8 micro-batches on 3 stages",
  );
});
