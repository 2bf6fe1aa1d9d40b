/**
 * Names of DeepSeek's files: shared experts as one network, latent attention.
 *
 * @module
 */
import { expertNames } from "./qwen.ts";
import { asItIs, type NameTable, turned } from "./rule.ts";

const attention = "model.layers.{l}.self_attn";
const block = "model.layers.{l}.mlp";
const shared = `${block}.shared_experts`;

/** DeepSeek-MoE. */
export const deepseekNames: NameTable = {
  ...expertNames,
  "moe.sharedUp": turned(`${shared}.gate_proj.weight`, `${shared}.up_proj.weight`),
  "moe.sharedDown": turned(`${shared}.down_proj.weight`),
};

/** DeepSeek-V2 and V3: `a` goes down to the rank, `b` up from it. */
export const latentNames: NameTable = {
  ...deepseekNames,
  "attention.qDown": turned(`${attention}.q_a_proj.weight`),
  "attention.qDownNorm": asItIs(`${attention}.q_a_layernorm.weight`),
  "attention.qUp": turned(`${attention}.q_b_proj.weight`),
  "attention.kvDown": turned(`${attention}.kv_a_proj_with_mqa.weight`),
  "attention.kvDownNorm": asItIs(`${attention}.kv_a_layernorm.weight`),
  "attention.kvUp": turned(`${attention}.kv_b_proj.weight`),
  "moe.balance": asItIs(`${block}.gate.e_score_correction_bias`),
};
