/** Trainers of models behind gates: learning, memory, recomputation, storage, and what is counted. */
import { assert, assertEquals, assertLess, assertLessOrEqual, assertThrows } from "@std/assert";
import { recipeById } from "../../core/gates/recipes.ts";
import { createTrainer, type Trainer, type TrainerOptions } from "../../core/train/trainer.ts";
import type { Model } from "../../core/spec/model.ts";
import { type Device, openDevice } from "../../kernels/device.ts";
import { createPool, download } from "../../kernels/tensor.ts";
import { smallBatch, smallModel, smallMoe } from "./nn/small_models.ts";

const sizes = { sequences: 4, length: 16, seed: 5, tags: 2 };
const batch = smallBatch(sizes.sequences, sizes.length);

/** Makes a trainer, gives it to `use`, and closes it. */
async function withTrainer<T>(
  device: Device,
  options: Partial<TrainerOptions> & { model: Model },
  use: (trainer: Trainer) => Promise<T>,
): Promise<T> {
  const { model, ...rest } = options;
  const trainer = createTrainer(device, model, { ...sizes, ...rest });
  try {
    return await use(trainer);
  } finally {
    trainer.close();
  }
}

/** Everything that a trainer keeps, after some steps. */
async function after(device: Device, trainer: Trainer, steps: number) {
  for (let i = 0; i < steps; i++) trainer.step(batch, { rate: 3e-3 });
  const tensors = trainer.tensors();
  return {
    ...await trainer.last(),
    values: Object.fromEntries(
      (await download(device, Object.values(tensors)))
        .map((values, i) => [Object.keys(tensors)[i], values]),
    ),
  };
}

const cases: Record<string, (device: Device) => Promise<void>> = {
  async "blocks that are recorded twice give the same bits with less memory, whatever the gate"(
    device,
  ) {
    const gates: Partial<TrainerOptions>[] = [
      {},
      // Noise, drops and a loss.
      { recipe: recipeById("switch") },
      // Logits of the layer before, and experts that are none.
      { recipe: recipeById("moe-plus-plus") },
      // Slots.
      { recipe: recipeById("soft-moe"), causal: false },
    ];
    for (const options of gates) {
      const moe = { experts: 6, topK: 2, width: 12, activation: "swiglu" };
      const model = smallMoe({ layers: 3, moe });
      const run = (recompute: boolean) =>
        withTrainer(device, { ...options, model, recompute }, async (trainer) => ({
          bits: await after(device, trainer, 2),
          bytes: trainer.bytes().step.peak,
        }));
      const [kept, again] = [await run(false), await run(true)];
      assertEquals(again.bits, kept.bits, options.recipe?.id);
      assertLess(again.bytes, 0.8 * kept.bytes, options.recipe?.id);
    }
  },

  async "a Switch model, one with an expert beside a dense layer and a dense one learn"(device) {
    const moe = { experts: 4, topK: 1, width: 12, activation: "relu" };
    const placed = {
      ...moe,
      ...{ placement: { kind: "every", step: 2, offset: 1 }, shared: { count: 1, width: 8 } },
      denseBeside: { width: 10, activation: "relu" },
    };
    const models: (Partial<TrainerOptions> & { model: Model })[] = [
      { model: smallMoe({ moe }), recipe: recipeById("switch") },
      {
        model: smallMoe({ moe: placed, block: "parallel", norm: { perLayer: 1 } }),
        recipe: recipeById("loss-free"),
      },
      { model: smallModel() },
    ];
    for (const options of models) {
      await withTrainer(device, options, async (trainer) => {
        const first = await after(device, trainer, 1);
        const held = trainer.bytes();
        const last = await after(device, trainer, 20);
        assertLess(last.loss, 0.5 * first.loss);
        assertEquals(trainer.steps, 21);
        assertEquals(trainer.bytes(), held, "nothing is allocated after the first step");
        const balanced = options.recipe?.id === "switch";
        assertEquals(Object.keys(last.auxiliary), balanced ? ["balance"] : []);
        const moved = Object.entries(last.values).filter(([name]) => name.startsWith("state."));
        assertEquals(moved.length, options.recipe?.id === "loss-free" ? 1 : 0);
        for (const [, state] of moved) assert(state.some((v) => v !== 0), "the bias has moved");
      });
    }
  },

  async "an evaluation counts every choice once, by expert and by tag, and leaves the model alone"(
    device,
  ) {
    const gates = [
      { recipe: recipeById("switch"), k: 1, drops: true },
      { recipe: recipeById("mixtral"), k: 2, drops: false },
      { recipe: undefined, k: 2, drops: false },
      { recipe: recipeById("smear"), k: 1, drops: false },
    ];
    const tokens = batch.ids.length;
    const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
    for (const { recipe, k, drops } of gates) {
      const causal = recipe?.causal ?? true;
      await withTrainer(device, { model: smallMoe(), recipe, causal }, async (trainer) => {
        const before = await after(device, trainer, 1);
        const { losses_T, layers } = await trainer.evaluate(batch);
        assertEquals([losses_T.length, layers.length], [tokens, 2]);
        for (const { wanted_E, kept_E, byTag_GE, dropped, entropy, logSumExp2 } of layers) {
          assertLessOrEqual(Math.abs(sum(wanted_E) - k * tokens), 1e-4 * tokens);
          assertLessOrEqual(sum(kept_E), sum(wanted_E));
          assertEquals(dropped, 1 - sum(kept_E) / sum(wanted_E));
          if (!drops) assertEquals(dropped, 0);
          wanted_E.forEach((count, e) =>
            assertLessOrEqual(Math.abs(byTag_GE[e] + byTag_GE[4 + e] - count), 1e-4 * tokens)
          );
          assert(entropy > 0 && entropy <= Math.log(4) && logSumExp2 >= 0);
        }
        const mean = losses_T.reduce((a, b) => a + b) / tokens;
        const logits = await trainer.logits(batch);
        const loss = batch.targets.reduce((total, target, t) => {
          const row = logits.subarray(29 * t, 29 * (t + 1));
          return total + Math.log(row.reduce((z, v) => z + Math.exp(v), 0)) - row[target];
        }, 0) / tokens;
        assertLessOrEqual(Math.abs(loss - mean), 1e-4, "logits and losses agree");
        trainer.steps = 1;
        assertEquals((await after(device, trainer, 0)).values, before.values);
      });
    }
  },

  async "a trainer goes on from the tensors of another, bit by bit"(device) {
    const options = { model: smallMoe(), recipe: recipeById("loss-free") };
    const whole = await withTrainer(device, options, (trainer) => after(device, trainer, 4));
    const half = await withTrainer(device, options, (trainer) => after(device, trainer, 2));
    const rest = await withTrainer(device, { ...options, seed: 5 }, async (trainer) => {
      const pool = createPool(device);
      const tensors = trainer.tensors();
      for (const [name, values] of Object.entries(half.values)) pool.write(tensors[name], values);
      trainer.steps = 2;
      return await after(device, trainer, 2);
    });
    assertEquals(rest, whole);
  },

  async "in f16 a model behind a gate learns as in f32; without f16 it is refused"(device) {
    const options = { model: smallMoe({ layers: 1, norm: { kind: "layernorm", bias: true } }) };
    const f16 = (recipe?: TrainerOptions["recipe"]) => ({
      ...{ ...options, recipe, storage: "f16" as const, causal: recipe?.causal ?? true },
    });
    if (!device.gpu.features.has("shader-f16")) {
      assertThrows(
        () => createTrainer(device, options.model, { ...sizes, storage: "f16" }),
        TypeError,
        "Cannot train in f16",
      );
      return;
    }
    for (const id of [undefined, "switch", "soft-moe", "smear"] as const) {
      const recipe = id === undefined ? undefined : recipeById(id);
      const exact = await withTrainer(
        device,
        { ...f16(recipe), storage: "f32" },
        (trainer) => after(device, trainer, 10),
      );
      const half = await withTrainer(
        device,
        f16(recipe),
        (trainer) => after(device, trainer, 10),
      );
      const off = Math.abs(half.loss - exact.loss);
      assertLess(off, 0.02 * exact.loss, `${id}: ${half.loss}, in f32 ${exact.loss}`);
      assertLess(Math.abs(half.norm - exact.norm), 0.05 * exact.norm, id);
    }
  },
};

Deno.test("trainers of models behind gates", async (t) => {
  // One device for all: kernels are compiled once.
  const device = await openDevice();
  try {
    for (const [name, run] of Object.entries(cases)) await t.step(name, () => run(device));
    device.check();
  } finally {
    device.close();
  }
});
