import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  huggingFaceArchitectures,
  isHuggingFaceConfig,
  modelFromHuggingFace,
} from "../../../core/spec/hugging_face/import.ts";
import { regularOf } from "../../../core/spec/hugging_face/patterns.ts";
import { layersOf } from "../../../core/spec/layers.ts";
import { parameters } from "../../../core/spec/params.ts";
import { modelPreset } from "../../../core/spec/presets/presets.ts";
import { assumedFields } from "../../../core/spec/sources.ts";
import { type Config, heads, inert, published, size } from "./hugging_face_configs.ts";

for (const [id, config] of Object.entries(published)) {
  Deno.test(`the config.json of ${id} has the parameters of the preset, part by part`, () => {
    const model = modelFromHuggingFace(config, { id });
    const counted = parameters(model, { convention: "all" });
    const wanted = parameters(modelPreset(id), { convention: "all" });
    assertEquals(counted.byPart, wanted.byPart);
    assertEquals(counted.activeByPart, wanted.activeByPart);
    assertEquals(layersOf(model), layersOf(modelPreset(id)));
    assertEquals(assumedFields(model), []);
    assertEquals(model.moe?.router.limit, modelPreset(id).moe?.router.limit);
  });
}

Deno.test("models without a preset have the counts that their releases print", () => {
  const total = (config: Config) =>
    parameters(modelFromHuggingFace({ ...inert, ...config }, { id: "x" })).total;
  const mistral = {
    ...{ ...size(32, 4096, 32000), ...heads(32, 8), model_type: "mistral" },
    ...{ intermediate_size: 14336, sliding_window: 4096, max_position_embeddings: 32768 },
  };
  // Mistral 7B v0.1 and Gemma 2B (arXiv 2403.08295, table 2): sums of the tensors of the releases.
  assertEquals(total(mistral), 7_241_732_096);
  assertEquals(
    layersOf(modelFromHuggingFace(mistral, { id: "x" })).map(({ window }) => window),
    Array(32).fill(4096),
  );
  const gemma = {
    ...{ ...size(18, 2048, 256000), ...heads(8, 1, 256), model_type: "gemma" },
    ...{ intermediate_size: 16384, hidden_act: "gelu" },
  };
  assertEquals(total(gemma), 2_506_172_416);
  const qwen2 = {
    ...{ ...size(28, 3584, 152064), ...heads(28, 4), model_type: "qwen2" },
    ...{ intermediate_size: 18944, use_sliding_window: false, max_window_layers: 28 },
  };
  assertEquals(total(qwen2), 7_615_616_512);
  // Gemma 2 9B: four norms, a window in every second layer from the first.
  const gemma2 = {
    ...{ ...size(42, 3584, 256000), ...heads(16, 8, 256), model_type: "gemma2" },
    ...{ intermediate_size: 14336, hidden_activation: "gelu_pytorch_tanh" },
    ...{ sliding_window: 4096, query_pre_attn_scalar: 256, max_position_embeddings: 8192 },
  };
  assertEquals(total(gemma2), 9_241_705_984);
  const windows = layersOf(modelFromHuggingFace(gemma2, { id: "x" })).map(({ window }) => window);
  assertEquals(windows.slice(0, 3), [4096, undefined, 4096]);
});

Deno.test("an unknown architecture is refused with the nearest", () => {
  const config = { ...published["mixtral-8x7b"], model_type: "mixtra" };
  assertThrows(() => modelFromHuggingFace(config, { id: "x" }), TypeError, 'mean "mixtral"');
  assertThrows(
    () => modelFromHuggingFace({ hidden_size: 3 }, { id: "x" }),
    TypeError,
    "Cannot read the config.json of x: expected an object with model_type but found none",
  );
  assert(huggingFaceArchitectures.includes("granitemoe"));
});

Deno.test("missing, wrong and unknown fields are refused by name", () => {
  const refused = (change: Config, says: string) => {
    const config = { ...published["mixtral-8x7b"], ...change };
    assertThrows(() => modelFromHuggingFace(config, { id: "x" }), TypeError, says);
  };
  refused(
    { num_local_experts: undefined, num_local_expert: 8 },
    "expected the field num_local_experts of mixtral but found none; did you mean " +
      '"num_local_expert", which mixtral has not?',
  );
  refused(
    { hidden_size: 4096.5 },
    "at hidden_size expected a whole number of at least 1 but found",
  );
  refused({ hidden_size: "4096" }, 'but found "4096"');
  refused({ hidden_act: "relu" }, "at hidden_act expected one of silu, swiglu, gelu");
  refused({ tie_word_embeddings: 1 }, "at tie_word_embeddings expected true or false but found 1");
  refused({ num_extra_experts: 4 }, "num_extra_experts (4), near num_local_experts");
  refused({ attention_bias: true }, "attention_bias (true)");
  refused({ num_attention_heads: 33 }, "expected a multiple of num_attention_heads 33");
});

Deno.test("what no description can say is refused, not left out", () => {
  const phi = {
    ...{ ...size(32, 4096, 32064), ...heads(32, 8), model_type: "phimoe" },
    ...{ intermediate_size: 6400, num_local_experts: 16, num_experts_per_tok: 2 },
    ...{ attention_bias: true, sliding_window: 131072, max_position_embeddings: 131072 },
  };
  assertThrows(
    () => modelFromHuggingFace({ ...phi, lm_head_bias: true }, { id: "phi" }),
    TypeError,
    "at lm_head_bias expected false, since no description has a bias of the output layer",
  );
  const { norm, attention } = modelFromHuggingFace({ ...phi, lm_head_bias: false }, { id: "phi" });
  assertEquals([norm.kind, norm.bias, "window" in attention], ["layernorm", true, false]);
  const jamba = { ...published["jamba"], mamba_proj_bias: true };
  assertThrows(() => modelFromHuggingFace(jamba, { id: "x" }), TypeError, "Mamba's projections");
  const freq = { ...published["kimi-k2"], moe_layer_freq: 2 };
  assertThrows(() => modelFromHuggingFace(freq, { id: "x" }), TypeError, "moe_layer_freq");
  const late = { ...published["qwen3-8b"], use_sliding_window: true, max_window_layers: 18 };
  assertThrows(() => modelFromHuggingFace(late, { id: "x" }), TypeError, "max_window_layers");
  const types = Array.from(
    { length: 36 },
    (_, i) => i < 3 ? "full_attention" : "sliding_attention",
  );
  const odd = { ...published["gpt-oss-120b"], layer_types: types };
  assertThrows(() => modelFromHuggingFace(odd, { id: "x" }), TypeError, "one layer in so many");
});

Deno.test("shared experts and dense layers where a file has them", () => {
  const granite = {
    ...{ ...size(24, 1024, 49155), ...heads(16, 8), model_type: "granitemoeshared" },
    ...{ intermediate_size: 512, num_local_experts: 32, num_experts_per_tok: 8 },
    ...{ shared_intermediate_size: 1024, tie_word_embeddings: true, logits_scaling: 6 },
  };
  const model = modelFromHuggingFace(granite, { id: "granite" });
  assertEquals(model.moe?.shared, { count: 1, width: 1024 });
  assertEquals(model.embedding.tied, true);
  const qwen = { ...published["qwen3-30b-a3b"], decoder_sparse_step: 2 };
  const sparse = modelFromHuggingFace(qwen, { id: "x" });
  assertEquals([sparse.ffn?.width, layersOf(sparse)[0].network], [6144, "dense"]);
  const some = modelFromHuggingFace({ ...qwen, mlp_only_layers: [1] }, { id: "x" });
  assertEquals(layersOf(some).slice(0, 4).map(({ experts }) => experts), [0, 0, 0, 128]);
});

Deno.test("a config.json is told from a description", () => {
  assert(isHuggingFaceConfig(published["jamba"]));
  assert(!isHuggingFaceConfig({ id: "x", dModel: 4, layers: 2 }));
  assert(!isHuggingFaceConfig([]));
});

Deno.test("regular orders are found, others are not", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.nat({ max: 8 }),
      fc.nat({ max: 40 }),
      (e, o, n) => {
        const every = Math.max(e, o + 1);
        const flags = Array.from({ length: n + 2 * every }, (_, i) => i % every === o);
        assertEquals(regularOf(flags), { every, offset: o });
      },
    ),
    { seed: 7 },
  );
  assertEquals(regularOf([true, true, false]), undefined);
  assertEquals(regularOf([false, false]), { every: 3, offset: 2 });
});
