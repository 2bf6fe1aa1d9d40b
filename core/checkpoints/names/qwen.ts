/**
 * Names of Qwen's experts, which OLMoE's files share.
 *
 * @module
 */
import { denseNames } from "./dense.ts";
import { type NameTable, turned } from "./rule.ts";

const block = "model.layers.{l}.mlp";
const expert = `${block}.experts.{e}`;

/** Qwen3-MoE and OLMoE. */
export const expertNames: NameTable = {
  ...denseNames,
  "moe.router": turned(`${block}.gate.weight`),
  "moe.up": turned(`${expert}.gate_proj.weight`, `${expert}.up_proj.weight`),
  "moe.down": turned(`${expert}.down_proj.weight`),
};

const shared = `${block}.shared_expert`;

/** Qwen2-MoE: one shared expert behind a gate. */
export const qwen2MoeNames: NameTable = {
  ...expertNames,
  "moe.sharedUp": turned(`${shared}.gate_proj.weight`, `${shared}.up_proj.weight`),
  "moe.sharedDown": turned(`${shared}.down_proj.weight`),
  "moe.sharedGate": turned(`${block}.shared_expert_gate.weight`),
};
