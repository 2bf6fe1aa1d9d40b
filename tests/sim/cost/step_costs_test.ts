import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { closedForm, phaseSeconds } from "../../../sim/cost/closed_form.ts";
import { layersOfStages } from "../../../sim/cost/layout.ts";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import { kindParameters } from "../../../sim/cost/parameters.ts";
import type { LayerPhase } from "../../../sim/cost/phases.ts";
import type { Sizes } from "../../../sim/cost/sizes.ts";
import { type CostedStep, stepCosts } from "../../../sim/cost/step_costs.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { partLayers } from "../../../sim/plan/stage_layers.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { deepseekV3, llama70b, planWith, workload } from "./examples.ts";

const machine = machineOf("h100:64", "bf16").machine(baseStack);
const costs = (sizes: Sizes, plan: Plan) => stepCosts({ sizes, plan, workload, machine });

function total(step: CostedStep, count: (p: LayerPhase) => number): number {
  let sum = 0;
  for (const chunks of step.stages) {
    for (const { layers } of chunks) {
      for (const layer of layers) {
        sum += count(layer.forward) + count(layer.backwardInput) + count(layer.backwardWeight);
      }
    }
  }
  return sum;
}

Deno.test("parameters of whole models are the published ones", () => {
  const all = (sizes: Sizes) => {
    const kinds = layersOfStages(sizes, planWith()).flat(2);
    return kinds.reduce((sum, kind) => {
      const { split, whole, experts } = kindParameters(kind, sizes);
      return sum + split + whole + experts;
    }, 0);
  };
  assertAlmostEquals(all(llama70b) / 70.6e9, 1, 0.001);
  assertAlmostEquals(all({ ...deepseekV3, mtpLayers: 0 }) / 671e9, 1, 0.001);
});

Deno.test("FLOP of a step are six a parameter and token, and causal attention's", () => {
  const step = costs(llama70b, planWith());
  const multiplied = 70.55e9 - 128256 * 8192;
  const attention = 80 * 3.5 * 2 * 64 * 4096 * 2048 * 256;
  const expected = 6 * multiplied * 4096 + attention;
  assertAlmostEquals(total(step, (p) => p.flops) / expected, 1, 0.002);
});

Deno.test("tensor ranks share the FLOP, expert ranks keep theirs", () => {
  const flops = (sizes: Sizes, plan: Plan) => total(costs(sizes, plan), (p) => p.flops);
  const split = flops(llama70b, planWith({ tp: 8, sequenceParallel: true }));
  assertAlmostEquals(split / (flops(llama70b, planWith()) / 8), 1, 1e-9);
  const alone = flops(deepseekV3, planWith());
  assertAlmostEquals(
    flops(deepseekV3, planWith({ ep: 32, dp: 32, globalBatch: 256 })) / alone,
    1,
    1e-9,
  );
});

Deno.test("full recomputation adds a forward pass of the layers to the backward pass", () => {
  const none = costs(llama70b, planWith());
  const full = costs(llama70b, planWith({ recompute: "full" }));
  const [before, after] = [none, full].map((step) => step.stages[0][0].layers[1]);
  assertAlmostEquals(
    after.backwardInput.flops - before.backwardInput.flops,
    before.forward.flops,
    before.forward.flops * 1e-9,
  );
});

Deno.test("selective recomputation costs less than full and more than none", () => {
  const seconds = (recompute: Plan["recompute"]) => {
    const plan = planWith({ recompute, ep: 8, dp: 8, globalBatch: 64 });
    return closedForm(costs(deepseekV3, plan), plan, machine).stepSeconds;
  };
  const some = seconds(["mla_up", "norm"]);
  assert(seconds("none") < some && some < seconds("full"));
});

Deno.test("layers are dealt out whole, whatever does not divide", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 130 }),
      fc.integer({ min: 1, max: 64 }),
      (layers, parts) => {
        const counts = partLayers(layers, parts);
        assertEquals(counts.length, parts);
        assertEquals(counts.reduce((a, b) => a + b, 0), layers);
        assert(counts.every((count) => count >= 0));
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("every schedule's layout holds each layer, DualPipe's twice", () => {
  const cases: [Partial<Plan>, number][] = [
    [{ pp: 4 }, 1],
    [{ pp: 4, vpp: 5, schedule: "interleaved" }, 1],
    [{ pp: 4, schedule: "zb-v" }, 1],
    [{ pp: 4, schedule: "dualpipe" }, 2],
    [{ pp: 4, schedule: "dualpipe-v" }, 1],
  ];
  for (const [changes, copies] of cases) {
    const kinds = layersOfStages(deepseekV3, planWith(changes)).flat(2);
    const count = (kind: string) => kinds.filter((k) => k === kind).length;
    assertEquals([count("dense"), count("moe"), count("mtp"), count("head")], [
      3 * copies,
      58 * copies,
      copies,
      copies,
    ]);
  }
});

Deno.test("one stage without data ranks is the sum of its micro-batches", () => {
  const plan = planWith({ globalBatch: 4 });
  const step = costs(llama70b, plan);
  const once = step.stages[0][0].layers.reduce(
    (sum, { forward, backwardInput, backwardWeight }) =>
      sum + phaseSeconds(forward, plan, machine) + phaseSeconds(backwardInput, plan, machine) +
      phaseSeconds(backwardWeight, plan, machine),
    0,
  );
  const time = closedForm(step, plan, machine);
  assertAlmostEquals(
    time.stepSeconds,
    4 * once + step.perStep[0].updateSeconds + step.fixedSeconds,
    1e-9,
  );
  assertEquals(time.bubbleSeconds, 0);
});

Deno.test("a slower host only lengthens steps, and graphs take its time away", () => {
  const plan = planWith({ ep: 8, dp: 8, globalBatch: 64 });
  const seconds = (hostSeconds: number, graphs: "none" | "full") => {
    const on = machineOf("h100:64", "bf16", { graphs }).machine({ ...baseStack, hostSeconds });
    return closedForm(costs(deepseekV3, plan), plan, on).stepSeconds;
  };
  assert(seconds(1e-3, "none") > 1.2 * seconds(1e-6, "none"));
  assertAlmostEquals(seconds(2e-5, "full") / seconds(1e-6, "full"), 1, 0.01);
});
