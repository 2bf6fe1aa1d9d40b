/** What a config.json says of the forward pass, and what it cannot say. */
import { assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  checkpointArchitectures,
  settingsFromHuggingFace,
} from "../../../core/checkpoints/settings.ts";
import type { RopeSettings } from "../../../core/checkpoints/run_settings.ts";
import { nameTables } from "../../../core/checkpoints/names/tables.ts";
import { huggingFaceArchitectures } from "../../../core/spec/hugging_face/import.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { published } from "../spec/hugging_face_configs.ts";
import { type Config, drawnTypes } from "./drawn_configs.ts";

const settingsOf = (config: Config) => settingsFromHuggingFace(config, { id: "m" });
const small = { hidden_size: 64, num_attention_heads: 4 };
const latent = { ...small, qk_nope_head_dim: 12, qk_rope_head_dim: 4 };

Deno.test("every architecture of checkpoints has names, a description and a drawn model", () => {
  assertEquals(Object.keys(nameTables).sort(), checkpointArchitectures);
  assertEquals(drawnTypes, checkpointArchitectures);
  const known = checkpointArchitectures.filter((type) => huggingFaceArchitectures.includes(type));
  assertEquals(known, checkpointArchitectures);
});

Deno.test("where a config.json is silent its class speaks", () => {
  const of = (type: string) => {
    const { normEps, rope, router } = settingsOf({ ...latent, model_type: type });
    return [normEps, rope.theta, rope.pairs, router?.score, router?.normalised, router?.scale];
  };
  const plain = [1e-6, 1e4, "halves", undefined, undefined, undefined];
  assertEquals([of("llama"), of("qwen2"), of("qwen3")], [plain, plain, plain]);
  assertEquals(of("mixtral"), [1e-5, 1e6, "halves", "softmax", true, 1]);
  assertEquals(of("qwen2_moe"), [1e-6, 1e4, "halves", "softmax", false, 1]);
  assertEquals(of("qwen3_moe"), of("qwen2_moe"));
  assertEquals(of("olmoe"), [1e-5, 1e4, "halves", "softmax", false, 1]);
  assertEquals(of("deepseek"), of("qwen2_moe"));
  assertEquals(of("deepseek_v2"), [1e-6, 1e4, "neighbours", "softmax", false, 1]);
  assertEquals(of("deepseek_v3"), [1e-6, 1e4, "neighbours", "sigmoid", true, 2.5]);
  assertEquals(of("kimi_k2"), of("deepseek_v3"));
  assertEquals(of("gpt_oss"), [1e-5, 150_000, "halves", "chosen", false, 1]);
});

Deno.test("DeepSeek-V3 as it was released: both factors of YaRN in the scale of attention", () => {
  const { rope, attentionScale, router, ends } = settingsOf({
    ...published["deepseek-v3-mtp"],
    ...{ rope_theta: 10000, max_position_embeddings: 163840, eos_token_id: 1 },
    rope_scaling: {
      ...{ beta_fast: 32, beta_slow: 1, factor: 40, mscale: 1, mscale_all_dim: 1 },
      ...{ original_max_position_embeddings: 4096, type: "yarn" },
    },
  });
  assertEquals(rope, {
    ...{ theta: 10000, dim: 64, pairs: "neighbours" },
    scaling: {
      ...{ kind: "yarn", factor: 40, length: 4096, fast: 32, slow: 1, rounded: true },
      magnitude: 1,
    },
  });
  // 192 ** -0.5 times (0.1 ln 40 + 1) ** 2.
  assertAlmostEquals(attentionScale, 0.07216878364870322 * 1.3688879454113936 ** 2, 1e-15);
  assertEquals(router, {
    ...{ score: "sigmoid", normalised: true, scale: 2.5, groupScore: "best-two" },
  });
  assertEquals(ends, [1]);
});

Deno.test("gpt-oss as it was released: ends that are not rounded, a clamped gate", () => {
  const { rope, attentionScale, clamped } = settingsOf({
    ...published["gpt-oss-120b"],
    ...{ rope_theta: 150000, swiglu_limit: 7 },
    rope_scaling: {
      ...{ beta_fast: 32, beta_slow: 1, factor: 32, original_max_position_embeddings: 4096 },
      ...{ rope_type: "yarn", truncate: false },
    },
  });
  assertEquals([attentionScale, clamped], [1 / 8, { limit: 7, alpha: 1.702 }]);
  const magnitude = 0.1 * Math.log(32) + 1;
  assertEquals(rope.scaling, {
    ...{ kind: "yarn", factor: 32, length: 4096, fast: 32, slow: 1, rounded: false, magnitude },
  });
  // The class has the same where the file is silent.
  assertEquals(settingsOf({ ...small, model_type: "gpt_oss" }).rope.scaling, rope.scaling);
});

Deno.test("positions of older and newer files are the same", () => {
  const older = { rope_theta: 5e5, rope_scaling: { factor: 8, type: "linear" } };
  const newer = { rope_parameters: { rope_theta: 5e5, factor: 8, rope_type: "linear" } };
  const wanted: RopeSettings = {
    ...{ theta: 5e5, dim: 8, pairs: "halves", scaling: { kind: "linear", factor: 8 } },
  };
  const half = { partial_rotary_factor: 0.5 };
  assertEquals(settingsOf({ ...small, ...half, model_type: "llama", ...older }).rope, wanted);
  const inside = { rope_parameters: { ...newer.rope_parameters, ...half } };
  assertEquals(settingsOf({ ...small, model_type: "llama", ...inside }).rope, wanted);
  const llama3 = {
    ...{ factor: 8, low_freq_factor: 1, high_freq_factor: 4, rope_type: "llama3" },
    original_max_position_embeddings: 8192,
  };
  assertEquals(settingsOf({ ...small, model_type: "llama", rope_scaling: llama3 }).rope.scaling, {
    ...{ kind: "llama3", factor: 8, lowFactor: 1, highFactor: 4, length: 8192 },
  });
});

Deno.test("YaRN's magnitude: as given, by both factors, or by the factor of the length", () => {
  const magnitude = (fields: Config) => {
    const rope_scaling = { type: "yarn", factor: 4, ...fields };
    const config = { ...small, model_type: "qwen3", rope_scaling, max_position_embeddings: 128 };
    const { scaling } = settingsOf(config).rope;
    return scaling?.kind === "yarn" ? [scaling.magnitude, scaling.length] : [];
  };
  const one = 0.1 * Math.log(4) + 1;
  assertEquals(magnitude({}), [one, 128]);
  assertEquals(magnitude({ attention_factor: 1.5 }), [1.5, 128]);
  assertEquals(magnitude({ mscale: 1, mscale_all_dim: 1 }), [1, 128]);
  assertEquals(magnitude({ mscale: 1, original_max_position_embeddings: 32 }), [one, 32]);
  assertEquals(magnitude({ factor: 1 }), [1, 128]);
});

Deno.test("neighbouring channels, unless a file of latent attention says otherwise", () => {
  const pairs = (fields: Config) => settingsOf({ ...latent, ...fields }).rope.pairs;
  assertEquals(pairs({ model_type: "deepseek_v3" }), "neighbours");
  assertEquals(pairs({ model_type: "deepseek_v3", rope_interleave: false }), "halves");
});

Deno.test("what changes the forward pass and is not followed is refused in a line", () => {
  const refused: [config: Config, message: string][] = [
    [
      { model_type: "mixtrall" },
      'Unknown architecture of a checkpoint "mixtrall": did you mean "mix',
    ],
    [
      { model_type: "olmoe", clip_qkv: 8 },
      "at clip_qkv expected none, since no forward pass has it",
    ],
    [{ model_type: "llama", logits_scaling: 8 }, "at logits_scaling expected 1, since no forward"],
    [
      { model_type: "llama", rope_scaling: { type: "dynamic", factor: 2 } },
      "m, rope_scaling: at type expected one of default, linear, llama3, yarn but found",
    ],
    [
      { model_type: "llama", rope_scaling: { rope_type: "llama3", factor: 8 } },
      "m, rope_scaling: expected the field low_freq_factor of llama but found none",
    ],
    [
      { model_type: "qwen3", rope_scaling: { rope_type: "yarn", factor: 0.5 } },
      "rope_scaling: at factor expected a number of at least 1 but found 0.5",
    ],
    [
      { model_type: "llama", rope_parameters: { full_attention: { rope_theta: 1e4 } } },
      "rope_parameters: at full_attention expected none, since it is not known what it changes",
    ],
    [
      { model_type: "llama", rope_parameters: {}, rope_scaling: { type: "linear", factor: 2 } },
      "at rope_scaling expected none beside rope_parameters but found",
    ],
    [{ model_type: "llama", rope_scaling: 8 }, "at rope_scaling expected an object but found 8"],
    [
      { model_type: "llama", rope_theta: "big" },
      "at rope_theta expected a number above 1 but found",
    ],
    [
      { model_type: "llama", rms_norm_eps: 0 },
      "at rms_norm_eps expected a number above 0 but found 0",
    ],
    [
      { model_type: "llama", partial_rotary_factor: 0.2 },
      "found 3 turned channels in a head of 16",
    ],
    [
      { model_type: "llama", partial_rotary_factor: 2 },
      "expected a number of at most 1 but found 2",
    ],
    [
      { model_type: "llama", eos_token_id: "</s>" },
      "at eos_token_id expected a token's number or a",
    ],
    [{ model_type: "deepseek", routed_scaling_factor: 2 }, "at routed_scaling_factor expected 1"],
    [
      { model_type: "deepseek_v2", norm_topk_prob: true },
      "at norm_topk_prob expected false, since",
    ],
    [{ model_type: "deepseek_v2", n_group: 4 }, "at topk_method expected greedy or group_limited"],
    [
      { model_type: "deepseek_v2", scoring_func: "sigmoid" },
      "at scoring_func expected one of softmax",
    ],
    [
      { model_type: "deepseek_v3", topk_method: "greedy" },
      "at topk_method expected one of noaux_tc",
    ],
    [{ model_type: "gpt_oss", swiglu_limit: -1 }, "at swiglu_limit expected a number above 0 but"],
  ];
  for (const [config, message] of refused) {
    const error = assertThrows(() => settingsOf({ ...latent, ...config }), UserError, message);
    assertMatch(error.message, /^[^\n]*[^.\n]$/);
  }
  for (const config of [null, 3, [], {}, { model_type: 4 }]) {
    assertThrows(
      () => settingsFromHuggingFace(config, { id: "m" }),
      UserError,
      "Cannot read the config.json of m: expected an object with model_type",
    );
  }
});
