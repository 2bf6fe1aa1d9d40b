/**
 * Names of Llama's files, which most others keep outside their experts.
 *
 * @module
 */
import { asItIs, type NameTable, turned } from "./rule.ts";

const attention = "model.layers.{l}.self_attn";

/** Projections of plain heads, with their biases, norms and sinks. */
export const headNames: NameTable = {
  "attention.q": turned(`${attention}.q_proj.weight`),
  "attention.k": turned(`${attention}.k_proj.weight`),
  "attention.v": turned(`${attention}.v_proj.weight`),
  "attention.q.bias": asItIs(`${attention}.q_proj.bias`),
  "attention.k.bias": asItIs(`${attention}.k_proj.bias`),
  "attention.v.bias": asItIs(`${attention}.v_proj.bias`),
  "attention.qNorm": asItIs(`${attention}.q_norm.weight`),
  "attention.kNorm": asItIs(`${attention}.k_norm.weight`),
  "attention.sinks": asItIs(`${attention}.sinks`),
  "attention.out": turned(`${attention}.o_proj.weight`),
  "attention.out.bias": asItIs(`${attention}.o_proj.bias`),
};

const afterAttention = asItIs("model.layers.{l}.post_attention_layernorm.weight");
const network = "model.layers.{l}.mlp";

/** Tables, norms, plain heads and the dense network (Llama, Qwen2, Qwen3). */
export const denseNames: NameTable = {
  "embedding": asItIs("model.embed_tokens.weight"),
  "norm": asItIs("model.norm.weight"),
  "head": asItIs("lm_head.weight"),
  "attention.norm": asItIs("model.layers.{l}.input_layernorm.weight"),
  ...headNames,
  "ffn.norm": afterAttention,
  "moe.norm": afterAttention,
  "ffn.up": turned(`${network}.gate_proj.weight`, `${network}.up_proj.weight`),
  "ffn.down": turned(`${network}.down_proj.weight`),
};
