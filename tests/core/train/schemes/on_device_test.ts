/** Weights into trainers, out of them and out of checkpoints: to the bit, and refused where they differ. */
import { assertEquals, assertThrows } from "@std/assert";
import { recipeById } from "../../../../core/gates/recipes.ts";
import { openCheckpoint, saveCheckpoint } from "../../../../core/train/checkpoint.ts";
import {
  branchTrainMix,
  checkWeights,
  newWeights,
  readWeights,
  weightsOfCheckpoint,
  writeWeights,
} from "../../../../core/train/schemes/mod.ts";
import { createTrainer } from "../../../../core/train/trainer.ts";
import { withDevice } from "../../../kernels/compare.ts";
import { memoryStore } from "../memory_store.ts";
import { smallBatch } from "../../nn/small_models.ts";
import { smallDense, smallSerial } from "./small_dense.ts";

const sizes = { sequences: 2, length: 12, seed: 3 };
const recipe = recipeById("btx");

Deno.test(
  "weights come back from a trainer and from its checkpoint to the bit",
  withDevice(async (_, device) => {
    const domains = [1, 2, 3].map((seed) => smallSerial(seed));
    const made = branchTrainMix(domains, { topK: 2, seed: 1, recipe });
    const { model } = made;
    const trainer = createTrainer(device, model, { ...sizes, recipe });
    writeWeights(device, trainer, made);
    const read = await readWeights(device, trainer, { model });
    assertEquals(read, made);
    checkWeights(read);
    const store = memoryStore();
    const facts = { told: {}, log: [], adapter: "test", kernels: {} };
    await saveCheckpoint(device, trainer, { path: "btx.safetensors", facts, store });
    const checkpoint = await openCheckpoint("btx.safetensors", { store });
    assertEquals(await weightsOfCheckpoint(checkpoint!, { model }), made);
    trainer.close();
  }),
);

Deno.test(
  "new weights are those that a trainer of the seed begins with, and others change what it gives",
  withDevice(async (_, device) => {
    const { model } = smallDense();
    const trainer = createTrainer(device, model, sizes);
    assertEquals(await readWeights(device, trainer, { model }), newWeights(model, { seed: 3 }));
    const batch = smallBatch(2, 12);
    const before = await trainer.logits(batch);
    writeWeights(device, trainer, smallDense(8));
    const after = await trainer.logits(batch);
    assertEquals(before.every((value, i) => value === after[i]), false);
    trainer.close();
    if (!device.gpu.features.has("shader-f16")) return;
    // Copies in 16 bits are made again.
    const half = createTrainer(device, model, { ...sizes, storage: "f16" });
    writeWeights(device, half, smallDense(8));
    const near = await half.logits(batch);
    const largest = after.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const apart = near.reduce((most, v, i) => Math.max(most, Math.abs(v - after[i])), 0);
    assertEquals(apart < 0.02 * largest, true, `${apart} of ${largest}`);
    half.close();
  }),
);

Deno.test(
  "weights of another model are refused before any is written",
  withDevice(async (_, device) => {
    const dense = smallDense();
    const trainer = createTrainer(device, dense.model, sizes);
    const began = await readWeights(device, trainer, { model: dense.model });
    const wide = smallDense(1, { ffn: { width: 32, activation: "swiglu" } });
    assertThrows(
      () => writeWeights(device, trainer, wide),
      TypeError,
      "Cannot begin with small: found layers.0.ffn.up [2,24,32], wanted [2,24,24]",
    );
    const shallow = smallDense(1, { layers: 1 });
    assertThrows(
      () => writeWeights(device, trainer, shallow),
      TypeError,
      "found layers.1.attention.norm nowhere, wanted [24]",
    );
    const mixed = branchTrainMix([dense, dense], { topK: 1, seed: 1 });
    assertThrows(() => writeWeights(device, trainer, mixed), TypeError, "layers.0.ffn.up nowhere");
    const { "layers.1.attention.out": _out, ...rest } = dense.weights;
    assertThrows(
      () => writeWeights(device, trainer, { model: dense.model, weights: rest }),
      TypeError,
      "found layers.1.attention.out nowhere, wanted [32,24]",
    );
    const extra = { ...dense.weights, "layers.0.gate.router": dense.weights.norm };
    assertThrows(
      () => writeWeights(device, trainer, { model: dense.model, weights: extra }),
      TypeError,
      "found layers.0.gate.router, which the trainer has not",
    );
    assertEquals(await readWeights(device, trainer, { model: dense.model }), began);
    trainer.close();
  }),
);
