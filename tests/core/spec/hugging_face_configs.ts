/** A config.json. */
export type Config = Record<string, unknown>;

/** Fields that every release has and that change no size. */
export const inert: Config = {
  ...{ architectures: ["X"], bos_token_id: 1, eos_token_id: [2, 3], torch_dtype: "bfloat16" },
  ...{ initializer_range: 0.02, rms_norm_eps: 1e-5, rope_theta: 1e6, rope_scaling: null },
  ...{ use_cache: true, attention_dropout: 0, transformers_version: "4.40.0" },
};

/** Layers, width and vocabulary. */
export const size = (layers: number, width: number, vocab: number): Config => ({
  ...inert,
  ...{ num_hidden_layers: layers, hidden_size: width, vocab_size: vocab },
});

/** Heads. */
export const heads = (all: number, kv: number, headDim?: number): Config => ({
  ...{ num_attention_heads: all, num_key_value_heads: kv },
  ...(headDim && { head_dim: headDim }),
});

const deepseekLatent: Config = {
  ...{ model_type: "deepseek_v3", kv_lora_rank: 512, qk_nope_head_dim: 128, qk_rope_head_dim: 64 },
  ...{ v_head_dim: 128, q_lora_rank: 1536, moe_layer_freq: 1, scoring_func: "sigmoid" },
  ...{ topk_method: "noaux_tc", norm_topk_prob: true, hidden_act: "silu", attention_bias: false },
  ...{ tie_word_embeddings: false, ep_size: 1, seq_aux: true, routed_scaling_factor: 2.5 },
};

/** Published configurations by the preset that they are of, as far as sizes go. */
export const published: Readonly<Record<string, Config>> = {
  "llama-2-7b": {
    ...size(32, 4096, 32000),
    ...heads(32, 32),
    model_type: "llama",
    intermediate_size: 11008,
  },
  "llama-3-8b": {
    ...{ ...size(32, 4096, 128256), ...heads(32, 8), model_type: "llama" },
    ...{ intermediate_size: 14336, hidden_act: "silu", attention_bias: false, mlp_bias: false },
    ...{ tie_word_embeddings: false, pretraining_tp: 1, max_position_embeddings: 8192 },
  },
  "llama-3.1-405b": {
    ...{ ...size(126, 16384, 128256), ...heads(128, 8), model_type: "llama" },
    ...{ intermediate_size: 53248, rope_scaling: { factor: 8, rope_type: "llama3" } },
  },
  "mixtral-8x7b": {
    ...{ ...size(32, 4096, 32000), ...heads(32, 8), model_type: "mixtral" },
    ...{ intermediate_size: 14336, num_local_experts: 8, num_experts_per_tok: 2 },
    ...{ sliding_window: null, router_aux_loss_coef: 0.02, output_router_logits: false },
    ...{ tie_word_embeddings: false, hidden_act: "silu", max_position_embeddings: 32768 },
  },
  "mixtral-8x22b": {
    ...{ ...size(56, 6144, 32000), ...heads(48, 8), model_type: "mixtral" },
    ...{ intermediate_size: 16384, num_local_experts: 8, num_experts_per_tok: 2 },
  },
  "qwen3-8b": {
    ...{ ...size(36, 4096, 151936), ...heads(32, 8, 128), model_type: "qwen3" },
    ...{ intermediate_size: 12288, use_sliding_window: false, sliding_window: null },
    ...{ max_window_layers: 36, attention_bias: false, tie_word_embeddings: false },
  },
  "qwen3-30b-a3b": {
    ...{ ...size(48, 2048, 151936), ...heads(32, 4, 128), model_type: "qwen3_moe" },
    ...{ intermediate_size: 6144, moe_intermediate_size: 768, num_experts: 128 },
    ...{ num_experts_per_tok: 8, decoder_sparse_step: 1, mlp_only_layers: [] },
    ...{ use_sliding_window: false, max_window_layers: 48, norm_topk_prob: true },
  },
  "qwen3-235b-a22b": {
    ...{ ...size(94, 4096, 151936), ...heads(64, 4, 128), model_type: "qwen3_moe" },
    ...{ intermediate_size: 12288, moe_intermediate_size: 1536, num_experts: 128 },
    ...{ num_experts_per_tok: 8, decoder_sparse_step: 1, mlp_only_layers: [] },
  },
  "qwen1.5-moe-a2.7b": {
    ...{ ...size(24, 2048, 151936), ...heads(16, 16), model_type: "qwen2_moe" },
    ...{ intermediate_size: 5632, moe_intermediate_size: 1408, num_experts: 60 },
    ...{ shared_expert_intermediate_size: 5632, num_experts_per_tok: 4, sliding_window: 32768 },
    ...{ decoder_sparse_step: 1, max_window_layers: 21, use_sliding_window: false },
  },
  "qwen3-next-80b-a3b": {
    ...{ ...size(48, 2048, 151936), ...heads(16, 2, 256), model_type: "qwen3_next" },
    ...{ full_attention_interval: 4, linear_num_key_heads: 16, linear_num_value_heads: 32 },
    ...{ linear_key_head_dim: 128, linear_value_head_dim: 128, linear_conv_kernel_dim: 4 },
    ...{ intermediate_size: 5120, moe_intermediate_size: 512, num_experts: 512 },
    ...{ shared_expert_intermediate_size: 512, num_experts_per_tok: 10, mlp_only_layers: [] },
    ...{ decoder_sparse_step: 1, partial_rotary_factor: 0.25, attention_bias: false },
  },
  "olmoe": {
    ...{ ...size(16, 2048, 50304), ...heads(16, 16), model_type: "olmoe" },
    ...{ intermediate_size: 1024, num_experts: 64, num_experts_per_tok: 8, clip_qkv: null },
  },
  "deepseek-moe-16b": {
    ...{ ...size(28, 2048, 102400), ...heads(16, 16), model_type: "deepseek" },
    ...{ intermediate_size: 10944, moe_intermediate_size: 1408, n_routed_experts: 64 },
    ...{ n_shared_experts: 2, num_experts_per_tok: 6, first_k_dense_replace: 1 },
  },
  "deepseek-v2": {
    ...{ ...size(60, 5120, 102400), ...deepseekLatent, model_type: "deepseek_v2" },
    ...{ num_attention_heads: 128, num_key_value_heads: 128, intermediate_size: 12288 },
    ...{ moe_intermediate_size: 1536, n_routed_experts: 160, n_shared_experts: 2 },
    ...{ num_experts_per_tok: 6, first_k_dense_replace: 1, n_group: 8, topk_group: 3 },
    topk_method: "group_limited_greedy",
  },
  "deepseek-v3-mtp": {
    ...{ ...size(61, 7168, 129280), ...deepseekLatent },
    ...{ num_attention_heads: 128, num_key_value_heads: 128, intermediate_size: 18432 },
    ...{ moe_intermediate_size: 2048, n_routed_experts: 256, n_shared_experts: 1 },
    ...{ num_experts_per_tok: 8, first_k_dense_replace: 3, n_group: 8, topk_group: 4 },
    ...{ num_nextn_predict_layers: 1, quantization_config: { quant_method: "fp8" } },
  },
  "kimi-k2": {
    ...{ ...size(61, 7168, 163840), ...deepseekLatent, model_type: "kimi_k2" },
    ...{ num_attention_heads: 64, num_key_value_heads: 64, intermediate_size: 18432 },
    ...{ moe_intermediate_size: 2048, n_routed_experts: 384, n_shared_experts: 1 },
    ...{ num_experts_per_tok: 8, first_k_dense_replace: 1, n_group: 1, topk_group: 1 },
    num_nextn_predict_layers: 0,
  },
  "gpt-oss-120b": {
    ...{ ...size(36, 2880, 201088), ...heads(64, 8, 64), model_type: "gpt_oss" },
    ...{ intermediate_size: 2880, num_local_experts: 128, num_experts_per_tok: 4 },
    ...{ experts_per_token: 4, attention_bias: true, sliding_window: 128, swiglu_limit: 7 },
    layer_types: Array.from(
      { length: 36 },
      (_, i) => i % 2 === 0 ? "sliding_attention" : "full_attention",
    ),
  },
  "jamba": {
    ...{ ...size(32, 4096, 65536), ...heads(32, 8), model_type: "jamba", use_mamba_kernels: true },
    ...{ intermediate_size: 14336, num_experts: 16, num_experts_per_tok: 2 },
    ...{ attn_layer_period: 8, attn_layer_offset: 4, expert_layer_period: 2 },
    ...{ expert_layer_offset: 1, mamba_d_state: 16, mamba_d_conv: 4, mamba_expand: 2 },
    ...{ mamba_dt_rank: 256, mamba_inner_layernorms: true, mamba_conv_bias: true },
    ...{ mamba_proj_bias: false, tie_word_embeddings: false, sliding_window: null },
  },
  "dbrx": {
    ...{ ...inert, model_type: "dbrx", d_model: 6144, n_layers: 40, n_heads: 48 },
    ...{ vocab_size: 100352, max_seq_len: 32768, tie_word_embeddings: false },
    attn_config: { kv_n_heads: 8, clip_qkv: 8, rope_theta: 500000, attn_pdrop: 0 },
    ffn_config: {
      ...{ ffn_hidden_size: 10752, moe_num_experts: 16, moe_top_k: 4, moe_loss_weight: 0.05 },
      ...{ moe_jitter_eps: 0.01, ffn_act_fn: { name: "silu" } },
    },
  },
};
