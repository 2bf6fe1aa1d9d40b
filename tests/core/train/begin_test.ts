/** A training that begins with given weights, leaves some alone, and shows what it made. */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { syntheticCorpus } from "../../../core/train/data/synthetic.ts";
import { trainModel, type TrainOptions } from "../../../core/train/loop.ts";
import { isExpert } from "../../../core/train/schemes/branch_train_mix.ts";
import type { HostWeights } from "../../../core/train/schemes/model_weights.ts";
import { readWeights } from "../../../core/train/schemes/on_device.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import type { Device } from "../../../kernels/mod.ts";
import { withDevice } from "../../kernels/compare.ts";
import { memoryStore } from "./memory_store.ts";
import { smallModel } from "./small_model.ts";

const model = smallModel({ layers: 1, dModel: 32 });
const options: TrainOptions = {
  ...{ model, corpus: syntheticCorpus({ domains: 2 }), sequences: 2, length: 16 },
  ...{ seed: 1, steps: 6, read: 1, schedule: { peak: 1e-2 } },
};

/** Trains, and gives the weights that came out beside the log. */
async function trained(device: Device, changes: Partial<TrainOptions> = {}) {
  let weights: HostWeights = {};
  const log = await trainModel(device, {
    ...options,
    ...changes,
    async finished(trainer) {
      weights = (await readWeights(device, trainer, { model })).weights;
    },
  });
  return { ...log, weights };
}

Deno.test(
  "a training goes on with the weights of another, whatever its seed of weights",
  withDevice(async (_, device) => {
    const first = await trained(device);
    const begin = { id: "first", weights: first.weights };
    // The batch after the last of the first training, without its moments.
    const on = await trained(device, { begin, seed: 2, steps: 1 });
    const other = await trained(device, { begin, seed: 2, steps: 1, weightSeed: 7 });
    const anew = await trained(device, { seed: 2, steps: 1 });
    assertEquals(on.losses, other.losses);
    assertNotEquals(on.losses[0].loss, anew.losses[0].loss);
    const nothing = { begin: { id: "nothing", weights: {} } };
    const refused = await assertRejects(() => trained(device, nothing), UserError);
    assertEquals(refused.message.startsWith("Cannot begin with tiny: found "), true);
  }),
);

Deno.test(
  "frozen weights stay as they are to the bit, the others do not",
  withDevice(async (_, device) => {
    const { weights } = await trained(device, { steps: 1 });
    const begin = { id: "first", weights };
    const after = await trained(device, { begin, frozen: isExpert });
    const names = Object.keys(weights);
    assertEquals(names.filter(isExpert).length, 2);
    for (const name of names) {
      const same = after.weights[name].data.every((v, i) => v === weights[name].data[i]);
      assertEquals(same, isExpert(name), name);
    }
  }),
);

Deno.test(
  "a training that began so is resumed bit by bit, and not under another beginning",
  withDevice(async (_, device) => {
    const { weights } = await trained(device, { steps: 2 });
    const begin = { id: "two steps", weights };
    const path = "r.safetensors";
    const whole = await trained(device, { begin });
    const told = { begin, store: memoryStore(), checkpoint: { path, every: 2 } };
    const controller = new AbortController();
    let left = 3;
    const step = () => {
      if (--left === 0) controller.abort(new Error("stop"));
    };
    const progress = { start: () => {}, step, stop: () => {} };
    await assertRejects(
      () => trained(device, { ...told, progress, signal: controller.signal }),
      Error,
      "stop",
    );
    const refused = async (changes: Partial<TrainOptions>) =>
      (await assertRejects(() => trained(device, { ...told, ...changes }), UserError)).message;
    assertEquals(
      await refused({ begin: { id: "three steps", weights } }),
      'Cannot resume from r.safetensors: found "two steps" as begin, wanted "three steps"; another ' +
        "path begins a training anew",
    );
    assertEquals((await refused({ begin: undefined })).includes("wanted null"), true);
    assertEquals((await refused({ frozen: isExpert })).includes("as frozen"), true);
    // What it began with is in the checkpoint: the weights given are not written over it.
    const rest = await trained(device, told);
    assertEquals(rest.resumedFrom, 4);
    assertEquals(rest.losses, whole.losses);
    assertEquals(rest.weights, whole.weights);
  }),
);
