/** Every launch of a step has its operator, and every operator its launches. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  createTrainer,
  lowerTrainingStep,
  type Model,
  modelPreset,
  modelWeights,
} from "../../../core/mod.ts";
import { createRecorder, type Device, mirrorOf, type Pool } from "../../../kernels/mod.ts";
import { stepParts } from "../../../experiments/training/train_step_align.ts";
import { withDevice } from "../../kernels/compare.ts";

const tiny: Model = { ...modelPreset("tiny"), dModel: 24, layers: 2 };
const moe = { ...tiny.moe!, width: 16, experts: 4 };
const ffn = { width: 40, activation: "swiglu", bias: false } as const;
const { moe: _, ...plain } = tiny;

const models: Record<string, Model> = {
  "experts": { ...tiny, moe },
  "shared experts": { ...tiny, moe: { ...moe, shared: { count: 2, width: 8 } } },
  "a dense network beside": { ...tiny, moe: { ...moe, denseBeside: ffn } },
  "dense": { ...plain, ffn },
  "dense, not gated": { ...plain, ffn: { ...ffn, activation: "gelu" } },
  "every second layer with experts": {
    ...tiny,
    ffn,
    moe: { ...moe, placement: { kind: "every", step: 2, offset: 1 } },
  },
  "parallel": { ...tiny, moe, block: "parallel" },
  "parallel, one norm": { ...plain, ffn, block: "parallel", norm: { ...tiny.norm, perLayer: 1 } },
  "an output layer of its own": { ...tiny, moe, embedding: { ...tiny.embedding, tied: false } },
};

/** Labels of the launches of a step, which is not run. */
function labelsOf(pool: Pool, device: Device, model: Model) {
  const trainer = createTrainer(device, model, { sequences: 2, length: 16, seed: 1 });
  const labels: string[] = [];
  const recorder = createRecorder(pool);
  trainer.record({
    ...recorder,
    launch({ label, copies = [] }) {
      labels.push(label);
      for (const tensor of copies) {
        mirrorOf(device, tensor);
        tensor.slot.mirrored = true;
      }
    },
  });
  recorder.submit();
  const parameters = Object.values(trainer.parameters).map(({ name, value: { shape } }) => ({
    ...{ name, shape },
  }));
  trainer.close();
  return { labels, parameters };
}

Deno.test(
  "launches of a step are its operators, in order, whatever the model is made of",
  withDevice((pool, device) => {
    for (const [what, model] of Object.entries(models)) {
      const { labels, parameters } = labelsOf(pool, device, model);
      const ops = lowerTrainingStep(model, 32, { sequence: 16 });
      const parts = stepParts(ops, labels);
      const dealt = parts.flatMap((part) => part.launches);
      assertEquals(dealt, labels.map((_, i) => i), `${what}: each launch once`);
      const kept = parts.flatMap((part) => part.ops);
      assertEquals(kept, Object.values(ops).flat(), `${what}: each operator once`);
      const same = (list: { name: string; shape: readonly number[] }[]) =>
        list.map(({ name, shape }) => `${name} [${shape}]`).toSorted();
      assertEquals(same(modelWeights(model)), same(parameters), `${what}: the weights there are`);
      const launches = (name: string) =>
        parts.filter((part) => part.name === name).map((part) => part.launches.length);
      assertEquals(launches("adamw"), [parameters.length]);
      assertEquals(
        launches("gradient norm"),
        [Math.ceil(parameters.length / 7) + 2],
        "seven at a time, a sum and a factor besides",
      );
      assertEquals(launches("attention backward"), [3, 3], "delta, queries, keys and values");
    }
    return Promise.resolve();
  }),
);

Deno.test("a launch or an operator too many is refused by name", () => {
  const ops = lowerTrainingStep(models.dense, 32, { sequence: 16 });
  const { forward, backward, update } = ops;
  const labels = ["embedding", "attention norm", "attention k"];
  assertThrows(
    () => stepParts(ops, labels),
    RangeError,
    'Cannot find the launch of attention q, forward: found "attention k" at launch 2',
  );
  const first = { forward: forward.slice(0, 1), backward: [], update: [] };
  assertEquals(stepParts(first, ["embedding"]).length, 1);
  assertThrows(
    () => stepParts(first, ["embedding", "rope"]),
    RangeError,
    'Cannot find the operator of launch 1, "rope"',
  );
  assert(backward.length > 0 && update.length > 0);
});
