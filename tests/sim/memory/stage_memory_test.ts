import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { memoryHabits } from "../../../sim/memory/habits.ts";
import { fullestStage, stageMemory } from "../../../sim/memory/stage_memory.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { dense, mixture, plan, stack, workload } from "./toy.ts";

const memory = (changes: Partial<Plan>, sizes = dense) =>
  stageMemory(sizes, { ...plan, ...changes }, workload, stack);

const plans = fc.record({
  tp: fc.constantFrom(1, 2, 4),
  cp: fc.constantFrom(1, 2),
  pp: fc.constantFrom(1, 2, 4),
  ep: fc.constantFrom(1, 2, 4),
  sequenceParallel: fc.boolean(),
  zero: fc.constantFrom<Plan["zero"]>(0, 1, 2, 3),
  microBatch: fc.constantFrom(1, 2),
  recompute: fc.constantFrom<Plan["recompute"]>("none", "full", ["norm"], ["experts", "norm"]),
  precision: fc.constantFrom<Plan["precision"]>("bf16", "fp8", "mxfp8"),
  dispatcher: fc.constantFrom<Plan["dispatcher"]>("all-to-all", "deepep", "all-gather"),
});

Deno.test("the parts add up, nothing is negative, and the stack adds its own", () => {
  fc.assert(
    fc.property(plans, (changes) => {
      const of = { ...plan, ...changes };
      const own = { ...stack, allocatorFactor: 1.05, reservedBytes: 1e9 };
      for (const stage of stageMemory(mixture, of, workload, own)) {
        const parts = [
          ...[stage.weightBytes, stage.gradientBytes, stage.optimizerBytes, stage.logitBytes],
          ...[stage.activationBytes, stage.workingBytes, stage.communicationBytes],
          stage.libraryBytes,
        ];
        assert(parts.every((bytes) => bytes >= 0 && Number.isFinite(bytes)));
        const sum = parts.reduce((a, b) => a + b, 0);
        assertAlmostEquals(stage.allocatedBytes, sum, 1e-6 * sum);
        assertAlmostEquals(stage.peakBytes, sum * 1.05 + 1e9, 1e-6 * sum);
        assertAlmostEquals(stage.reservedBytes, stage.peakBytes - stage.allocatedBytes, 1);
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("more sharding, recomputation or offload never needs more memory for states and tensors", () => {
  const base = memory({ zero: 0 }, mixture)[0];
  let before = base.weightBytes + base.gradientBytes + base.optimizerBytes;
  for (const zero of [1, 2, 3] as const) {
    const [stage] = memory({ zero }, mixture);
    const states = stage.weightBytes + stage.gradientBytes + stage.optimizerBytes;
    // Over several micro-batches, stage 2 saves nothing that stage 1 does not.
    assert(zero === 2 ? states === before : states < before);
    before = states;
  }
  fc.assert(
    fc.property(plans, (changes) => {
      const kept = (recompute: Plan["recompute"]) =>
        stageMemory(mixture, { ...plan, ...changes, recompute }, workload, stack)[0];
      const [none, norm, full] = [kept("none"), kept(["norm"]), kept("full")];
      assert(norm.activationBytes <= none.activationBytes);
      assert(full.activationBytes <= norm.activationBytes);
    }),
    { seed: 1, numRuns: 50 },
  );
  const half = memory({ offload: { optimizer: 0.5, activationLayers: 4 } })[0];
  const whole = memory({})[0];
  assertEquals(half.optimizerBytes, whole.optimizerBytes / 2);
  const norms = 2 * workload.sequence * dense.dModel * 2;
  assertAlmostEquals(half.activationBytes - norms, (whole.activationBytes - norms) / 2, 1);
});

Deno.test("the first stage of a pipeline holds most tensors, the last the logits", () => {
  const stages = memory({ pp: 4, dp: 2 });
  const activations = stages.map((stage) => stage.activationBytes);
  assertAlmostEquals(activations[0], 4 * activations[2] / 2, 1);
  assert(activations[0] > activations[1] && activations[1] > activations[2]);
  assertEquals(stages.map((stage) => stage.moment), ["layer", "layer", "layer", "loss"]);
  const { logits } = memoryHabits("megatron");
  const all = workload.sequence * dense.vocab * (logits.keptBytes + logits.extraBytes);
  assertEquals(stages[3].logitBytes, all);
  assertEquals(fullestStage(stages), stages[0]);
});

Deno.test("a whole vocabulary on every tensor rank, placeholders and buckets are habits", () => {
  const of = (id: string, changes: Partial<Plan> = {}) =>
    stageMemory(dense, { ...plan, tp: 4, dp: 2, ...changes }, workload, { ...stack, id })[0];
  const kept = 14 * workload.sequence * dense.vocab;
  assertEquals(of("aleph-flash2").logitBytes, kept);
  const [plain, placed] = [of("megatron"), of("megatron-core-simumax")];
  const d = dense.dModel;
  const shapes = (4 * d * d + 3 * d * dense.ffnWidth + dense.vocab * d) / 4;
  assertAlmostEquals(placed.libraryBytes - plain.libraryBytes, 2 * shapes, 1);
  const step = of("aleph-flash2-rms", { recompute: "full", tp: 1, dp: 8, microBatch: 1 });
  assertEquals(step.moment, "step");
});

Deno.test("sharded weights are gathered for two layers, and prediction modules add a loss", () => {
  const [full] = memory({ zero: 3 });
  const d = dense.dModel;
  const layer = 4 * d * d + 3 * d * dense.ffnWidth + 2 * d;
  // The gradients and weights of a layer, and weights of the one that comes next.
  assertEquals(full.communicationBytes, layer * (2 + 2 + 2));
  const [gradients] = memory({ zero: 2, globalBatch: plan.dp * plan.microBatch });
  assertEquals(gradients.communicationBytes, layer * 2);
  const wide = { ...dense, vocab: 4 * dense.vocab };
  const table = wide.vocab * d;
  assertEquals(memory({ zero: 3 }, wide)[0].communicationBytes, 2 * (2 * table + layer));
  const [plain] = memory({}, mixture);
  const [further] = memory({}, { ...mixture, mtpLayers: 1 });
  const kept = workload.sequence * dense.vocab * 4;
  assertAlmostEquals(further.logitBytes - plain.logitBytes, kept, 1);
});

Deno.test("a loss in pieces holds an eighth of the logits, and sums gradients in FP32", () => {
  const of = (logits: Partial<ReturnType<typeof memoryHabits>["logits"]>) => {
    const habits = memoryHabits("megatron");
    const pieces = { ...habits, logits: { ...habits.logits, ...logits } };
    return stageMemory(dense, plan, workload, stack, { habits: pieces })[0];
  };
  const [whole, pieces] = [of({}), of({ chunks: 8 })];
  assertEquals(pieces.logitBytes, whole.logitBytes / 8);
  assertEquals(pieces.workingBytes - whole.workingBytes, 4 * workload.sequence * dense.dModel);
});

Deno.test("layers that move to the host take a place on their way only where all of them do", () => {
  const of = (activationLayers: number) =>
    memory({ pp: 2, dp: 4, offload: { optimizer: 0, activationLayers } })[0];
  assertEquals(of(2).workingBytes, of(0).workingBytes);
  // Two micro-batches wait on the first of two stages, each with the tensors of four layers.
  assertEquals(of(4).workingBytes - of(0).workingBytes, of(0).activationBytes / 2 / 4);
  assertEquals(of(4).activationBytes, 0);
});

Deno.test("rows on their way to experts weigh what their format does", () => {
  const many = { ...mixture, moe: { ...mixture.moe!, topK: 8 } };
  const of = (formats: Plan["formats"], dispatcher: Plan["dispatcher"] = "all-to-all") =>
    memory({ pp: 4, dp: 2, ep: 2, formats, dispatcher }, many)[1].workingBytes;
  const rows = workload.sequence * 8 * mixture.dModel;
  assertEquals(of({}) - of({ dispatch: "fp8" }), 2 * rows);
  assertEquals(of({}) - of({ dispatch: "fp8", combine: "fp8" }), 4 * rows);
  assertEquals(of({}, "deepep") - of({ dispatch: "fp8" }, "deepep"), rows);
});

Deno.test("rows that go nowhere are not narrowed, whatever format they would be sent in", () => {
  const many = { ...mixture, moe: { ...mixture.moe!, topK: 8 } };
  const of = (ep: number, formats: Plan["formats"]) =>
    memory({ pp: 4, dp: 2, ep, formats, dispatcher: "hybridep" }, many)[1].workingBytes;
  assertEquals(of(1, { dispatch: "fp8", combine: "fp8" }), of(1, {}));
  assert(of(2, { dispatch: "fp8" }) < of(2, {}));
});
