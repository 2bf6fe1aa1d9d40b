/**
 * Architectures with experts.
 *
 * @module
 */
import { deepseekArchitectures } from "./deepseek.ts";
import { base, biased, experts, ffn, heads } from "./dense.ts";
import { type Fields, isObject } from "./fields.ts";
import { lateWindows, softmaxLayers, sparseStep, windows } from "./patterns.ts";
import { fixed, flag, only, type Row, type Rows, whole, wholeOf } from "./rows.ts";

const qkNorm = fixed("head", "a norm of queries and one of keys");

/** One shared expert that a field gives a width, none where that is 0. */
const oneShared = (width: string): Row => (fields) => ({
  value: Number(fields.get(width) ?? 0) === 0
    ? undefined
    : { count: 1, width: wholeOf(fields, width) },
  cite: width,
});

const qwenMoe: Rows = {
  ...base(false),
  ...heads,
  ...ffn,
  ...experts("num_experts", "moe_intermediate_size"),
  "moe.placement": sparseStep,
};

const gptOss: Rows = {
  ...base(false),
  ...heads,
  ...experts("num_local_experts", "intermediate_size"),
  "attention.qkvBias": flag("attention_bias", true),
  "attention.outBias": flag("attention_bias", true),
  "attention.sinks": fixed(true, "a learned logit of each head"),
  "attention.window": windows(() => ({ every: 2, offset: 1 })),
  "moe.bias": fixed(true, "projections of experts have biases"),
  "moe.router.bias": fixed(true, "the router has a bias"),
  // A second name of num_experts_per_tok in the release.
  "": (fields) => ({ value: undefined, cite: String(fields.get("experts_per_token")) }),
};

const layerNorm: Rows = {
  "norm.kind": fixed("layernorm", "layer norms"),
};

const linear = (fields: Fields): Record<string, unknown> => {
  const { every, offset } = softmaxLayers(fields);
  return {
    kind: "gated-delta",
    keyHeads: wholeOf(fields, "linear_num_key_heads"),
    valueHeads: wholeOf(fields, "linear_num_value_heads"),
    keyDim: wholeOf(fields, "linear_key_head_dim"),
    valueDim: wholeOf(fields, "linear_value_head_dim"),
    convWidth: wholeOf(fields, "linear_conv_kernel_dim"),
    softmaxEvery: every,
    softmaxOffset: offset,
  };
};

const granite: Rows = {
  ...base(false),
  ...heads,
  ...biased,
  ...experts("num_local_experts", "intermediate_size"),
};

/** The architectures with experts, by `model_type`. */
export const expertArchitectures: Readonly<Record<string, Rows>> = {
  ...deepseekArchitectures,
  mixtral: {
    ...base(false),
    ...heads,
    ...experts("num_local_experts", "intermediate_size"),
    "attention.window": windows(),
  },
  qwen2_moe: {
    ...qwenMoe,
    "attention.window": lateWindows,
    "attention.qkvBias": flag("qkv_bias", true),
    "moe.shared": oneShared("shared_expert_intermediate_size"),
    "moe.sharedGate": fixed(true, "a gate scales the shared expert"),
  },
  qwen3_moe: {
    ...qwenMoe,
    ...biased,
    "attention.qkNorm": qkNorm,
    "attention.window": lateWindows,
  },
  qwen3_next: {
    ...qwenMoe,
    ...biased,
    "attention.qkNorm": qkNorm,
    "attention.outputGate": fixed(true, "a gate beside the queries scales the output"),
    "linear": (fields) => ({ value: linear(fields), cite: "linear_* and full_attention_interval" }),
    "moe.shared": oneShared("shared_expert_intermediate_size"),
    "moe.sharedGate": fixed(true, "a gate scales the shared expert"),
  },
  olmoe: {
    ...base(false),
    ...heads,
    ...biased,
    ...experts("num_experts", "intermediate_size"),
    "attention.qkNorm": fixed("width", "a norm over all heads of queries and one of keys"),
  },
  gpt_oss: gptOss,
  phimoe: {
    ...base(false),
    ...heads,
    ...biased,
    ...layerNorm,
    ...experts("num_local_experts", "intermediate_size"),
    "norm.bias": fixed(true, "layer norms with biases"),
    "attention.window": windows(),
    "": only("lm_head_bias", false, "a bias of the output layer"),
  },
  granitemoe: granite,
  granitemoeshared: { ...granite, "moe.shared": oneShared("shared_intermediate_size") },
  dbrx: {
    ...layerNorm,
    "layers": whole("n_layers"),
    "dModel": whole("d_model"),
    "embedding.vocab": whole("vocab_size"),
    "embedding.tied": flag("tie_word_embeddings", false),
    "attention.heads": whole("n_heads"),
    "attention.kvHeads": whole("attn_config.kv_n_heads"),
    "attention.headDim": (fields) => ({
      value: wholeOf(fields, "d_model") / wholeOf(fields, "n_heads"),
      cite: "d_model over n_heads",
    }),
    "moe.experts": whole("ffn_config.moe_num_experts"),
    "moe.topK": whole("ffn_config.moe_top_k"),
    "moe.width": whole("ffn_config.ffn_hidden_size"),
    "moe.activation": (fields) => {
      const act = fields.get("ffn_config.ffn_act_fn");
      if (act === undefined || (isObject(act) && act.name === "silu")) {
        return { value: "swiglu", cite: "ffn_config.ffn_act_fn" };
      }
      throw fields.wrong("ffn_config.ffn_act_fn", '{"name":"silu"}');
    },
  },
  jamba: {
    ...base(false),
    ...heads,
    ...ffn,
    ...experts("num_experts", "intermediate_size"),
    "embedding.positions": fixed({ kind: "none" }, "no positions"),
    "moe.placement": (fields) => ({
      value: {
        kind: "every",
        step: wholeOf(fields, "expert_layer_period"),
        offset: wholeOf(fields, "expert_layer_offset", 0),
      },
      cite: "expert_layer_period and expert_layer_offset",
    }),
    "mamba.stateSize": whole("mamba_d_state"),
    "mamba.convWidth": whole("mamba_d_conv"),
    "mamba.expand": whole("mamba_expand"),
    "mamba.dtRank": (fields) =>
      fields.get("mamba_dt_rank") === "auto"
        ? { value: Math.ceil(wholeOf(fields, "hidden_size") / 16), cite: "hidden_size over 16" }
        : whole("mamba_dt_rank")(fields),
    "mamba.innerNorms": flag("mamba_inner_layernorms", true),
    "mamba.attentionEvery": whole("attn_layer_period"),
    "mamba.attentionOffset": whole("attn_layer_offset", { least: 0 }),
    "": (fields) => {
      only("mamba_conv_bias", true, "a convolution without biases")(fields);
      return only("mamba_proj_bias", false, "biases of Mamba's projections")(fields);
    },
  },
};
