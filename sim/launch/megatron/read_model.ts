/**
 * What settings of Megatron-LM state of a model.
 *
 * @module
 */
import { settingOf, type Settings } from "../settings.ts";
import { modelArguments as known } from "./arguments.ts";
import { parsePattern } from "./pattern.ts";

/** Arguments whose value is a field's. */
const plain: Readonly<Record<string, string>> = {
  "--num-layers": "layers",
  "--hidden-size": "dModel",
  "--num-attention-heads": "attention.heads",
  "--kv-channels": "attention.headDim",
  "--q-lora-rank": "attention.qRank",
  "--kv-lora-rank": "attention.kvRank",
  "--qk-head-dim": "attention.nopeDim",
  "--qk-pos-emb-head-dim": "attention.ropeDim",
  "--v-head-dim": "attention.valueDim",
  "--ffn-hidden-size": "ffn.width",
  "--vocab-size": "embedding.vocab",
  "--padded-vocab-size": "embedding.vocab",
  "--mtp-num-layers": "mtp.modules",
  "--num-experts": "moe.experts",
  "--moe-ffn-hidden-size": "moe.width",
  "--moe-router-topk": "moe.topK",
  "--moe-shared-expert-intermediate-size": "moe.shared.width",
  "--moe-router-num-groups": "moe.router.limit.groups",
  "--moe-router-group-topk": "moe.router.limit.chosen",
};

/** One letter a layer, as in descriptions: E experts, - a dense network. */
function placementOf(freq: string, layers: number | undefined): string | undefined {
  if (freq.includes("[")) return parsePattern(freq).map((flag) => flag ? "E" : "-").join("");
  if (layers === undefined) return undefined;
  return Array.from({ length: layers }, (_, i) => i % Number(freq) === 0 ? "E" : "-").join("");
}

/** Fields of a model by path, as far as settings state them. */
export function readModelSettings(settings: Settings): Record<string, string | number | boolean> {
  const model: Record<string, string | number | boolean> = {};
  for (const [name, path] of Object.entries(plain)) {
    const value = settings[name];
    if (value !== undefined) model[path] = value as number;
  }
  if (settings["--multi-latent-attention"]) model["attention.kind"] = "mla";
  else if (settings["--group-query-attention"]) {
    model["attention.kind"] = "gqa";
    model["attention.kvHeads"] = settingOf(settings, "--num-query-groups", known) as number;
  } else if (settings["--num-attention-heads"] !== undefined) model["attention.kind"] = "mha";
  if (settings["--num-experts"] !== undefined) {
    model["moe.topK"] ??= settingOf(settings, "--moe-router-topk", known) as number;
    const freq = settingOf(settings, "--moe-layer-freq", known) as string;
    const placement = placementOf(freq, settings["--num-layers"] as number | undefined);
    if (placement !== undefined) model["moe.placement"] = placement;
  }
  if (settings["--qk-layernorm"] && model["attention.kind"] !== "mla") {
    model["attention.qkNorm"] = "head";
  }
  if (settings["--softmax-type"] === "learnable") model["attention.sinks"] = true;
  const window = settings["--window-size"] as string | undefined;
  if (window !== undefined) {
    model["attention.window.size"] = Number(window.replaceAll(/[()]/g, "").split(",")[0]) + 1;
  }
  if (settings["--add-qkv-bias"]) model["attention.qkvBias"] = true;
  if (settings["--swiglu"]) model["ffn.activation"] = "swiglu";
  if (settings["--squared-relu"]) model["ffn.activation"] = "relu2";
  if (settings["--normalization"] !== undefined) {
    model["norm.kind"] = String(settings["--normalization"]).toLowerCase();
  }
  if (settings["--untie-embeddings-and-output-weights"]) model["embedding.tied"] = false;
  return model;
}
