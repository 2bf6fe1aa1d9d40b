/**
 * A small model of each architecture that can be run: its config.json as a release would have it,
 * and the settings that follow from it, worked out by hand.
 *
 * @module
 */
import type { RopeSettings, RunSettings } from "../../../../core/checkpoints/run_settings.ts";
import { modelFromHuggingFace } from "../../../../core/spec/hugging_face/import.ts";
import type { Model } from "../../../../core/spec/model.ts";
import type { Tensor } from "../oracle/tensors.ts";
import { drawTensors } from "./draw.ts";

/** A config.json and what follows from it. */
export interface Architecture {
  config: Readonly<Record<string, unknown>>;
  settings: RunSettings;
}

const base = {
  ...{ num_hidden_layers: 2, hidden_size: 64, vocab_size: 97, intermediate_size: 48 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, hidden_act: "silu", eos_token_id: 2 },
  ...{ rms_norm_eps: 1e-5, rope_theta: 10000, rope_scaling: null, tie_word_embeddings: false },
  ...{ torch_dtype: "float32", max_position_embeddings: 64 },
};

const rope: RopeSettings = { theta: 10000, dim: 16, pairs: "halves" };

const plain: RunSettings = { normEps: 1e-5, rope, attentionScale: 1 / 4, ends: [2] };

/** The softmax over all experts, the best of them weighed as they are. */
const soft = { score: "softmax", normalised: false, scale: 1, groupScore: "best" } as const;

/** A layer with a window, one that sees all keys, and so on. */
const alternating = (layers: number) =>
  Array.from({ length: layers }, (_, i) => i % 2 === 0 ? "sliding_attention" : "full_attention");

const deepseekExperts = {
  ...{ n_routed_experts: 8, num_experts_per_tok: 2, moe_intermediate_size: 24 },
  ...{ n_shared_experts: 2, first_k_dense_replace: 1, moe_layer_freq: 1, rms_norm_eps: 1e-6 },
  ...{ attention_bias: false, scoring_func: "softmax", norm_topk_prob: false },
};

const latent = {
  ...deepseekExperts,
  ...{ num_key_value_heads: 4, kv_lora_rank: 20, qk_nope_head_dim: 12, qk_rope_head_dim: 8 },
  ...{ v_head_dim: 16 },
};

const latentRope: RopeSettings = { theta: 10000, dim: 8, pairs: "neighbours" };

/** 0.1 m ln(s) + 1 (YaRN, arXiv 2309.00071, equation 22, with DeepSeek's factor m). */
const magnitude = (factor: number, m = 1) => 0.1 * m * Math.log(factor) + 1;

const yarn = { kind: "yarn", factor: 4, length: 64, fast: 32, slow: 1, rounded: true } as const;

/** The models, by name. */
export const architectures = {
  mixtral: {
    config: {
      ...{ ...base, model_type: "mixtral", num_local_experts: 8, num_experts_per_tok: 2 },
      ...{ sliding_window: null, rope_theta: 1e6, router_aux_loss_coef: 0.02 },
    },
    settings: {
      ...plain,
      rope: { ...rope, theta: 1e6 },
      router: { ...soft, normalised: true },
    },
  },
  mixtral_windows: {
    config: {
      ...{ ...base, model_type: "mixtral", num_local_experts: 8, num_experts_per_tok: 2 },
      sliding_window: 8,
    },
    settings: { ...plain, router: { ...soft, normalised: true } },
  },
  qwen2_moe: {
    config: {
      ...{ ...base, model_type: "qwen2_moe", num_hidden_layers: 3, rms_norm_eps: 1e-6 },
      ...{ num_experts: 8, num_experts_per_tok: 2, moe_intermediate_size: 24 },
      ...{ shared_expert_intermediate_size: 40, norm_topk_prob: false, decoder_sparse_step: 1 },
      ...{ mlp_only_layers: [1], use_sliding_window: false, sliding_window: 32 },
      max_window_layers: 2,
    },
    settings: { ...plain, normEps: 1e-6, router: soft },
  },
  qwen3_moe: {
    config: {
      ...{ ...base, model_type: "qwen3_moe", head_dim: 32, rms_norm_eps: 1e-6 },
      ...{ num_experts: 8, num_experts_per_tok: 2, moe_intermediate_size: 24 },
      ...{ norm_topk_prob: true, decoder_sparse_step: 1, mlp_only_layers: [] },
      ...{ attention_bias: false, use_sliding_window: false, eos_token_id: [2, 5] },
    },
    settings: {
      ...{ ...plain, normEps: 1e-6, attentionScale: 1 / Math.sqrt(32), ends: [2, 5] },
      rope: { ...rope, dim: 32 },
      router: { ...soft, normalised: true },
    },
  },
  olmoe: {
    config: {
      ...{ ...base, model_type: "olmoe", num_key_value_heads: 4, clip_qkv: null },
      ...{ num_experts: 8, num_experts_per_tok: 2, norm_topk_prob: false },
    },
    settings: { ...plain, router: soft },
  },
  deepseek: {
    config: {
      ...{ ...base, ...deepseekExperts, model_type: "deepseek" },
      ...{ num_key_value_heads: 4, num_hidden_layers: 3 },
    },
    settings: { ...plain, normEps: 1e-6, router: soft },
  },
  deepseek_v2: {
    config: {
      ...{ ...base, ...latent, model_type: "deepseek_v2", q_lora_rank: 24, num_hidden_layers: 3 },
      ...{ topk_method: "group_limited_greedy", n_group: 4, topk_group: 2 },
      routed_scaling_factor: 4,
      rope_scaling: {
        ...{ type: "yarn", factor: 4, original_max_position_embeddings: 64 },
        ...{ beta_fast: 32, beta_slow: 1, mscale: 1, mscale_all_dim: 0.707 },
      },
    },
    settings: {
      ...{ normEps: 1e-6, ends: [2] },
      rope: {
        ...latentRope,
        scaling: { ...yarn, magnitude: magnitude(4) / magnitude(4, 0.707) },
      },
      attentionScale: magnitude(4, 0.707) ** 2 / Math.sqrt(20),
      router: { ...soft, scale: 4 },
    },
  },
  deepseek_v2_lite: {
    config: {
      ...{ ...base, ...latent, model_type: "deepseek_v2", q_lora_rank: null },
      ...{ topk_method: "greedy", n_group: 1, topk_group: 1, routed_scaling_factor: 1 },
    },
    settings: {
      ...{ normEps: 1e-6, ends: [2], rope: latentRope, attentionScale: 1 / Math.sqrt(20) },
      router: soft,
    },
  },
  deepseek_v3: {
    config: {
      ...{ ...base, ...latent, model_type: "deepseek_v3", q_lora_rank: 24, num_hidden_layers: 3 },
      ...{ topk_method: "noaux_tc", n_group: 4, topk_group: 2, routed_scaling_factor: 2.5 },
      ...{ n_routed_experts: 16, num_experts_per_tok: 4, n_shared_experts: 1 },
      ...{ scoring_func: "sigmoid", norm_topk_prob: true },
      rope_scaling: {
        ...{ type: "yarn", factor: 4, original_max_position_embeddings: 64 },
        ...{ beta_fast: 32, beta_slow: 1, mscale: 1, mscale_all_dim: 1 },
      },
    },
    settings: {
      ...{ normEps: 1e-6, ends: [2] },
      rope: { ...latentRope, scaling: { ...yarn, magnitude: 1 } },
      attentionScale: magnitude(4) ** 2 / Math.sqrt(20),
      router: { score: "sigmoid", normalised: true, scale: 2.5, groupScore: "best-two" },
    },
  },
  gpt_oss: {
    config: {
      ...{ ...base, model_type: "gpt_oss", num_hidden_layers: 4, head_dim: 32 },
      ...{ num_local_experts: 8, num_experts_per_tok: 2, experts_per_token: 2 },
      ...{ attention_bias: true, sliding_window: 8, swiglu_limit: 1.5, rope_theta: 150000 },
      // Blocks of 32 four-bit numbers fit both ways.
      intermediate_size: 64,
      ...{ layer_types: alternating(4), initial_context_length: 64 },
      rope_scaling: {
        ...{ rope_type: "yarn", factor: 4, original_max_position_embeddings: 64 },
        ...{ beta_fast: 32, beta_slow: 1, truncate: false },
      },
    },
    settings: {
      ...{ ...plain, attentionScale: 1 / Math.sqrt(32) },
      rope: {
        ...{ theta: 150000, dim: 32, pairs: "halves" },
        scaling: { ...yarn, rounded: false, magnitude: magnitude(4) },
      },
      router: { score: "chosen", normalised: false, scale: 1, groupScore: "best" },
      clamped: { limit: 1.5, alpha: 1.702 },
    },
  },
  llama: {
    config: {
      ...{ ...base, model_type: "llama", attention_bias: false, mlp_bias: false },
      rope_scaling: {
        ...{ rope_type: "llama3", factor: 8, original_max_position_embeddings: 32 },
        ...{ low_freq_factor: 1, high_freq_factor: 4 },
      },
    },
    settings: {
      ...plain,
      rope: {
        ...rope,
        scaling: { kind: "llama3", factor: 8, lowFactor: 1, highFactor: 4, length: 32 },
      },
    },
  },
  llama_linear: {
    config: {
      ...{ ...base, model_type: "llama", tie_word_embeddings: true },
      rope_scaling: { type: "linear", factor: 2 },
    },
    settings: { ...plain, rope: { ...rope, scaling: { kind: "linear", factor: 2 } } },
  },
  qwen2: {
    config: {
      ...{ ...base, model_type: "qwen2", tie_word_embeddings: true, rms_norm_eps: 1e-6 },
      ...{ use_sliding_window: false, sliding_window: 32, max_window_layers: 2 },
    },
    settings: { ...plain, normEps: 1e-6 },
  },
  qwen3: {
    config: {
      ...{ ...base, model_type: "qwen3", head_dim: 32, rms_norm_eps: 1e-6 },
      ...{ attention_bias: false, use_sliding_window: false, sliding_window: null },
      rope_scaling: {
        ...{ rope_type: "yarn", factor: 4, original_max_position_embeddings: 64 },
      },
    },
    settings: {
      ...{ ...plain, normEps: 1e-6, attentionScale: 1 / Math.sqrt(32) },
      rope: { ...rope, dim: 32, scaling: { ...yarn, magnitude: magnitude(4) } },
    },
  },
} satisfies Record<string, Architecture>;

/** Name of a small model. */
export type ArchitectureName = keyof typeof architectures;

/** Names of all small models. */
export const architectureNames = Object.keys(architectures) as ArchitectureName[];

/** A small model with random weights. */
export interface MadeUp extends Architecture {
  model: Model;
  tensors: Record<string, Tensor>;
}

/** Makes up a small model of an architecture. */
export function madeUp(name: ArchitectureName, seed = 1): MadeUp {
  const { config, settings }: Architecture = architectures[name];
  const model = modelFromHuggingFace(config, { id: name.replaceAll("_", "-") });
  return { config, settings, model, tensors: drawTensors(model, { settings, seed }) };
}
