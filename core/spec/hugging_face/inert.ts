/**
 * Fields of a config.json that change no size: how it is initialised, normalised, rotated, saved.
 *
 * @module
 */

const names: readonly string[] = [
  ...["architectures", "auto_map", "model_type", "torch_dtype", "dtype", "transformers_version"],
  ...["_name_or_path", "use_cache", "cache_implementation", "tokenizer_class", "use_return_dict"],
  ...[
    "initializer_range",
    "initializer_factor",
    "rms_norm_eps",
    "layer_norm_eps",
    "layer_norm_epsilon",
  ],
  ...["norm_eps", "norm_epsilon", "layernorm_epsilon", "max_position_embeddings", "max_seq_len"],
  ...["initial_context_length", "original_max_position_embeddings", "partial_rotary_factor"],
  ...["pretraining_tp", "clip_qkv", "attn_logit_softcapping", "final_logit_softcapping"],
  ...["query_pre_attn_scalar", "swiglu_limit", "norm_topk_prob", "scoring_func", "seq_aux"],
  ...["topk_method", "routed_scaling_factor", "aux_loss_alpha", "ep_size"],
  ...["embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling"],
  ...["input_jitter_noise", "router_jitter_noise", "quantization_config", "use_mamba_kernels"],
  ...[
    "num_logits_to_keep",
    "attn_implementation",
    "_attn_implementation",
    "use_bidirectional_attention",
  ],
  ...["moe_loss_weight", "moe_jitter_eps", "moe_normalize_expert_weights"],
  ...["uniform_expert_assignment"],
  ...["is_encoder_decoder", "is_decoder", "chunk_size_feed_forward", "rope_interleave"],
];

const patterns: readonly RegExp[] = [
  /^(rope|rotary|mrope|yarn)_/,
  /_token_ids?$/,
  /dropout|_pdrop$/,
  /^output_(router_logits|attentions|hidden_states)$/,
  /(aux|z)_loss_coef$/,
  /^(id2label|label2id|problem_type|task_specific_params)$/,
  /^use_flash_attn/,
];

/**
 * Whether a field changes no size of any architecture: one that is known not to, or a bias that is
 * off where the architecture has none.
 */
export function isInert(path: string, value: unknown): boolean {
  const name = path.split(".").at(-1)!;
  return names.includes(name) || patterns.some((pattern) => pattern.test(name)) ||
    (value === false && /_bias$/.test(name));
}
