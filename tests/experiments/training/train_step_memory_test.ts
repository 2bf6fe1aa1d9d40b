/** What a description says of a trainer's memory, against what the trainer's pools count. */
import { assert } from "@std/assert";
import { createTrainer, type Model, readModel } from "../../../core/mod.ts";
import { guessedKernels } from "../../../kernels/mod.ts";
import { trainingMemory } from "../../../sim/mod.ts";
import { withDevice } from "../../kernels/compare.ts";

const modelOf = (parts: Record<string, unknown>): Model =>
  readModel({
    ...{ id: "small", name: "small", layers: 1, embedding: { vocab: 257, tied: true } },
    ...parts,
  }, "a model of this test");

const gqa = (heads: number, kvHeads: number, headDim: number) => ({
  ...{ kind: "gqa", heads, kvHeads, headDim },
});
const experts = (count: number, topK: number, width: number, more = {}) => ({
  ...{ experts: count, topK, width, activation: "swiglu", ...more },
});

const cases: { model: Model; sequences: number; length: number }[] = [
  {
    model: modelOf({ dModel: 72, attention: gqa(2, 1, 40), moe: experts(6, 2, 90) }),
    ...{ sequences: 3, length: 50 },
  },
  {
    model: modelOf({ layers: 2, dModel: 56, attention: gqa(4, 2, 32), moe: experts(5, 1, 130) }),
    ...{ sequences: 2, length: 140 },
  },
  {
    model: modelOf({
      ...{ layers: 3, dModel: 48, attention: gqa(1, 1, 64) },
      moe: experts(4, 3, 40, { shared: { count: 2, width: 36 } }),
    }),
    ...{ sequences: 4, length: 37 },
  },
  {
    model: modelOf({
      ...{ layers: 2, dModel: 100, attention: gqa(3, 3, 32) },
      ffn: { width: 150, activation: "swiglu" },
    }),
    ...{ sequences: 1, length: 200 },
  },
  {
    model: modelOf({
      ...{ layers: 2, dModel: 64, attention: gqa(2, 2, 32) },
      ffn: { width: 120, activation: "swiglu" },
      moe: experts(8, 2, 30, { placement: { kind: "every", step: 2, offset: 1 } }),
    }),
    ...{ sequences: 2, length: 64 },
  },
];

Deno.test(
  "the memory of a training is predicted from its description",
  withDevice(async (_, device) => {
    const mirrors = Object.values(guessedKernels(device)).some((v) => v.source === "texture");
    for (const { model, sequences, length } of cases) {
      const trainer = createTrainer(device, model, { sequences, length, seed: 1 });
      const ids = new Uint32Array(sequences * length).map((_, i) => i % 257);
      trainer.step({ ids, targets: ids }, { rate: 0 });
      await trainer.last();
      const { state, step } = trainer.bytes();
      trainer.close();
      const predicted = trainingMemory(model, { sequences, length, mirrors });
      const ratio = (a: number, b: number) => Math.abs(a / b - 1);
      const says = `${JSON.stringify(predicted.stateBytes)} + ${predicted.stepBytes} of ` +
        `${state.held} + ${step.held}, layers ${model.layers}, width ${model.dModel}`;
      assert(predicted.stateBytes === state.held, says);
      assert(ratio(predicted.totalBytes, state.held + step.held) <= 0.01, says);
      assert(ratio(predicted.stepBytes, step.held) <= 0.02, says);
      assert(predicted.liveBytes <= predicted.stepBytes, says);
    }
  }),
);
