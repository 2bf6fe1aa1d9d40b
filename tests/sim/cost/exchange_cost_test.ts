import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { closedForm } from "../../../sim/cost/closed_form.ts";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import { stepCosts } from "../../../sim/cost/step_costs.ts";
import { allGatherSeconds, allToAllSeconds } from "../../../sim/network/closed/mod.ts";
import { type Dispatcher, dispatchers, type Plan } from "../../../sim/plan/plan.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { simulateStep } from "../../../sim/step/simulate_step.ts";
import { deepseekV3, planWith, workload } from "./examples.ts";

const machine = machineOf("h100:16", "bf16").machine(baseStack);
const sizes = {
  ...deepseekV3,
  ...{ layers: 4, mtpLayers: 0, dModel: 2048 },
  moe: { ...deepseekV3.moe!, firstDense: 0, experts: 16, topK: 2, sharedWidth: 0 },
};

/** A mixture's costs with two choices of 16 experts, on plans of 16 devices. */
function layerOf(changes: Partial<Plan>, { topK = 2 } = {}) {
  const plan = planWith({ dp: 16, ep: 16, globalBatch: 64, ...changes });
  const moe = { ...sizes.moe, topK };
  const costed = stepCosts({ sizes: { ...sizes, moe }, plan, workload, machine });
  return { ...costed, plan, layer: costed.stages[0][0].layers[1] };
}

Deno.test("an all-gather brings every token to every rank of the experts", () => {
  const { layer: { forward }, groups } = layerOf({ dispatcher: "all-gather" });
  const bytes = 16 * 4096 * 2048 * 2;
  const { experts } = machine.stack.bandwidthFactor;
  const seconds = allGatherSeconds(bytes, groups.expert, machine.fabric) / experts;
  assertAlmostEquals(forward.dispatchSeconds, seconds, 1e-12);
  assertAlmostEquals(forward.combineSeconds, seconds, 1e-12);
});

Deno.test("an all-gather takes as long however many experts a token chooses; others do not", () => {
  const sent = (dispatcher: Dispatcher, topK: number) =>
    layerOf({ dispatcher }, { topK }).layer.forward.dispatchSeconds;
  assertEquals(sent("all-gather", 8), sent("all-gather", 2));
  for (const dispatcher of dispatchers.filter((name) => name !== "all-gather")) {
    assert(sent(dispatcher, 8) > sent(dispatcher, 2), dispatcher);
  }
});

Deno.test("with two choices of 16 ranks gathering all tokens is the longest way", () => {
  const { layer, groups } = layerOf({ dispatcher: "all-gather" });
  const { layer: sent } = layerOf({ dispatcher: "all-to-all" });
  const rows = 2 * 4096 * 2048 * 2;
  const { experts } = machine.stack.bandwidthFactor;
  const seconds = allToAllSeconds(rows, groups.expert, machine.fabric) / experts;
  assertAlmostEquals(sent.forward.dispatchSeconds, seconds, 1e-12);
  assert(layer.forward.dispatchSeconds > 2 * sent.forward.dispatchSeconds);
});

Deno.test("gathered rows have the format of the dispatch; ranks that split experts gather more", () => {
  const wide = layerOf({ dispatcher: "all-gather" }).layer.forward;
  const narrow = layerOf({ dispatcher: "all-gather", formats: { dispatch: "fp8" } }).layer.forward;
  assert(narrow.dispatchSeconds < 0.6 * wide.dispatchSeconds);
  assertEquals(narrow.combineSeconds, wide.combineSeconds);
  const { layer: { forward }, groups } = layerOf({ dispatcher: "all-gather", ep: 8, etp: 2 });
  const { experts, tensor } = machine.stack.bandwidthFactor;
  const bytes = 4096 * 2048 * 2;
  const expected = allGatherSeconds(8 * bytes, groups.expert, machine.fabric) / experts +
    allGatherSeconds(16 * bytes, groups.expertTensor, machine.fabric) / tensor;
  assertAlmostEquals(forward.dispatchSeconds, expected, 1e-12);
});

Deno.test("closed form and events agree on steps of every dispatcher", () => {
  for (const dispatcher of dispatchers) {
    for (const changes of [{ ep: 16 }, { ep: 4 }, { ep: 1 }, { dp: 8, pp: 2, ep: 8 }]) {
      const { plan, ...costed } = layerOf({ dispatcher, ...changes });
      const { stepSeconds } = closedForm(costed, plan, machine);
      const events = simulateStep({ sizes, plan, workload, machine }).stepSeconds;
      assertAlmostEquals(events / stepSeconds, 1, 0.03, `${dispatcher} ${JSON.stringify(changes)}`);
    }
  }
});

Deno.test("rows that go nowhere are copied by expert and back, whoever would send them", () => {
  const seconds = (dispatcher: Dispatcher, ep: number) =>
    layerOf({ dispatcher, ep }).layer.forward.mergeSeconds;
  const copies = seconds("all-gather", 1);
  assertEquals([seconds("deepep", 1), seconds("hybridep", 1)], [copies, copies]);
  // Where rows travel, Hybrid-EP puts them in order on the way.
  assertAlmostEquals(seconds("hybridep", 16) / seconds("deepep", 16), 1 / 2, 1e-9);
});
