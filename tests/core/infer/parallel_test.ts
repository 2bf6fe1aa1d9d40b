/** Parallel blocks and attention experts: logits against f64 and the trainer's, cached and not. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { createInference } from "../../../core/infer/inference.ts";
import type { InferenceOptions } from "../../../core/infer/options.ts";
import { hasHalves, heldAs, heldValues } from "../../../core/infer/storage.ts";
import { weightsInMemory } from "../../../core/infer/weight_source.ts";
import { writeWeights } from "../../../core/train/schemes/mod.ts";
import { createTrainer } from "../../../core/train/trainer.ts";
import type { Device } from "../../../kernels/device.ts";
import { withDevice } from "../../kernels/compare.ts";
import { apart } from "./compared.ts";
import { type Mixed, mixedModels, newMixed } from "./made_up/bam.ts";
import { parallelForward } from "./oracle/parallel.ts";

const ids = Array.from({ length: 21 }, (_, i) => (i * 11 + 3) % 29);
const cuts = [0, 5, 6, 7, 15, 16, 21];

const running = (device: Device, mixed: Mixed, options: Partial<InferenceOptions> = {}) => {
  const { model, settings, weights } = mixed;
  const told = { model, settings, weights: weightsInMemory(weights), maxTokens: 40, ...options };
  return createInference(device, told);
};

Deno.test(
  "logits are those of f64 where each expert is the model that it came from, however text is cut",
  withDevice(async (_, device) => {
    for (const [name, make] of Object.entries(mixedModels)) {
      const mixed = make();
      const inference = await running(device, mixed);
      const whole = await inference.read(ids, { logits: "all", routes: true });
      const topK = mixed.model.moe?.topK ?? 0;
      const routing = whole.routes.map(({ ids_TK }) =>
        Array.from(ids, (_, t) => [...ids_TK.subarray(t * topK, (t + 1) * topK)])
      );
      const wanted = parallelForward(ids, mixed, routing);
      assertLess(apart(whole.logits, wanted), 1e-5, name);
      // What the oracle chooses itself is the same.
      assertLess(apart(parallelForward(ids, mixed), wanted), 1e-12, name);

      inference.rewind(0);
      const parts: number[] = [];
      for (const [i, end] of cuts.slice(1).entries()) {
        const { logits } = await inference.read(ids.slice(cuts[i], end), { logits: "all" });
        parts.push(...logits);
      }
      assertEquals(parts.length, whole.logits.length);
      assert(parts.every((logit, i) => Object.is(logit, whole.logits[i])), `${name} in parts`);
      inference.close();
      assertEquals([inference.bytes().state.live, inference.bytes().passes.live], [0, 0], name);
    }
  }),
);

Deno.test(
  "logits are those of a trainer with the same weights and gate",
  withDevice(async (_, device) => {
    const heads = { kind: "experts", experts: 3, heads: 4, kvHeads: 2, headDim: 8 };
    const serial = (attention: Record<string, unknown>) => () =>
      newMixed({ attention: { ...heads, ...attention } });
    const forms = {
      ...mixedModels,
      "serial, own keys": serial({ kv: "expert", outBias: true }),
      "serial, shared keys": serial({ kv: "shared", routing: { topK: 2, over: "chosen" } }),
    };
    for (const [name, make] of Object.entries(forms)) {
      const mixed = make();
      const { model, recipe } = mixed;
      const trainer = createTrainer(device, model, {
        ...{ sequences: 1, length: ids.length, seed: 1, recipe },
      });
      writeWeights(device, trainer, mixed);
      const text = Uint32Array.from(ids);
      const wanted = await trainer.logits({ ids: text, targets: text, tags: new Uint32Array(21) });
      trainer.close();
      const inference = await running(device, mixed);
      const { logits } = await inference.read(ids, { logits: "all" });
      inference.close();
      const most = logits.reduce((m, value, i) => Math.max(m, Math.abs(value - wanted[i])), 0);
      assertEquals(logits.length, wanted.length, name);
      assertLess(most, 1e-4, name);
    }
  }),
);

Deno.test(
  "in fewer bits a mixture gives what it gives with weights rounded as they are held",
  withDevice(async (_, device) => {
    const mixed = mixedModels["own keys, biases and sinks"]();
    const read = async (of: Mixed, options: Partial<InferenceOptions> = {}) => {
      const inference = await running(device, of, options);
      const { logits } = await inference.read(ids, { logits: "all" });
      inference.close();
      return logits;
    };
    const full = await read(mixed);
    const halves = hasHalves(device);
    for (const storage of ["f16", "int8", "int4"] as const) {
      if (storage === "f16" && !halves) continue;
      const rounded = Object.entries(mixed.weights).map(([name, { shape, data }]) => {
        const held = heldAs(name.replace(".gate.", ".moe."), { storage, halves });
        return [name, { shape, data: heldValues(data, { held, shape }) }];
      });
      const wanted = await read({ ...mixed, weights: Object.fromEntries(rounded) });
      const found = await read(mixed, { storage });
      assertLess(apart(found, wanted), 1e-5, storage);
      assertLess(1e-4, apart(found, full), `${storage} is not f32`);
    }
    assertEquals(heldAs("layers.0.attention.router", { storage: "int4", halves }), "f32");
    assertEquals(heldAs("layers.0.attention.norm.beta", { storage: "int4", halves }), "f32");
  }),
);
