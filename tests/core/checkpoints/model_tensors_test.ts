/** The tensors of a model are all of its parameters. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { modelTensors } from "../../../core/checkpoints/model_tensors.ts";
import { settingsFromHuggingFace } from "../../../core/checkpoints/settings.ts";
import { modelFromHuggingFace } from "../../../core/spec/hugging_face/import.ts";
import type { Model } from "../../../core/spec/model.ts";
import { parameters } from "../../../core/spec/params.ts";
import { modelPreset } from "../../../core/spec/presets/presets.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { anyConfig } from "./drawn_configs.ts";

const settingsOf = (type: string) =>
  settingsFromHuggingFace({
    ...{ model_type: type, hidden_size: 64, num_attention_heads: 4 },
    ...{ qk_nope_head_dim: 16, qk_rope_head_dim: 8 },
  }, { id: type });

const elements = (model: Model, type: string) =>
  modelTensors(model, settingsOf(type))
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

const counted = (model: Model) => {
  const { byPart, total } = parameters(model);
  return total - (byPart.mtp ?? 0);
};

const presets: Readonly<Record<string, readonly string[]>> = {
  llama: [
    "llama-2-7b",
    "llama-2-13b",
    "llama-2-70b",
    "llama-3-8b",
    "llama-3-70b",
    "llama-3.1-405b",
  ],
  qwen3: ["qwen3-8b"],
  mixtral: ["mixtral-8x7b", "mixtral-8x22b"],
  qwen2_moe: ["qwen1.5-moe-a2.7b"],
  qwen3_moe: ["qwen3-30b-a3b", "qwen3-235b-a22b"],
  olmoe: ["olmoe"],
  deepseek: ["deepseek-moe-16b", "deepseek-moe-2b", "deepseek-moe-145b"],
  deepseek_v2: ["deepseek-v2"],
  deepseek_v3: ["deepseek-v3", "deepseek-v3-mtp"],
  kimi_k2: ["kimi-k2"],
  gpt_oss: ["gpt-oss-20b", "gpt-oss-120b"],
  qwen2: ["bam-small", "bam-small-seed", "bam-small-shared-kv", "bam-large"],
};

for (const [type, ids] of Object.entries(presets)) {
  for (const id of ids) {
    Deno.test(`${id}: tensors have as many numbers as the model has parameters`, () => {
      const model = modelPreset(id);
      assertEquals(elements(model, type), counted(model));
    });
  }
}

Deno.test("tensors have as many numbers as any model has parameters, and names of their own", () => {
  fc.assert(
    fc.property(anyConfig, (config) => {
      const model = modelFromHuggingFace(config, { id: "drawn" });
      assertEquals(elements(model, String(config.model_type)), counted(model));
      const names = modelTensors(model, settingsOf(String(config.model_type)))
        .map(({ name }) => name);
      assertEquals(new Set(names).size, names.length);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("the bias of a router is of the choice where scores are sigmoids, else of the logits", () => {
  const names = (id: string, type: string) =>
    modelTensors(modelPreset(id), settingsOf(type)).map(({ name }) => name)
      .filter((name) => /^layers\.5\.moe\.(balance|router)/.test(name));
  assertEquals(names("deepseek-v3", "deepseek_v3"), [
    "layers.5.moe.router",
    "layers.5.moe.balance",
  ]);
  assertEquals(names("gpt-oss-20b", "gpt_oss"), [
    ...["layers.5.moe.router", "layers.5.moe.router.bias"],
  ]);
});

Deno.test("a model that has a part without a forward pass is refused by that part", () => {
  const refused: [id: string, message: string][] = [
    ["jamba", "at mamba found mamba, wanted attention in every layer"],
    ["arctic", "at norm found rmsnorm, 3 a layer, wanted two a layer and one at the end"],
    ["qwen3-next-80b-a3b", "at attention.outputGate found true, wanted false"],
    ["st-moe-4.1b", "at encoderLayers found"],
  ];
  for (const [id, message] of refused) {
    assertThrows(() => elements(modelPreset(id), "llama"), UserError, message);
  }
  const mixtral = modelPreset("mixtral-8x7b");
  const biased = { ...mixtral, norm: { ...mixtral.norm, bias: true } };
  assertThrows(
    () => elements(biased, "mixtral"),
    UserError,
    "found rmsnorm with biases, 2 a layer",
  );
  assertThrows(
    () => elements({ ...mixtral, moe: { ...mixtral.moe!, latent: 64 } }, "mixtral"),
    UserError,
    "at moe.latent found latent, wanted none",
  );
  const llama = modelPreset("llama-2-7b");
  assertThrows(
    () => elements({ ...llama, ffn: { ...llama.ffn!, bias: true } }, "llama"),
    UserError,
    "Cannot run llama-2-7b from a checkpoint: at ffn found swiglu with biases, wanted a gated",
  );
});
