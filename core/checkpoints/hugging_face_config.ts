/**
 * The config.json that says a description and its settings, where an architecture of Hugging Face's
 * has them. What it would say is read back: an architecture fits where that gives the same sizes and
 * the same constants.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { stableJson } from "../../kernels/base/files.ts";
import { modelFromHuggingFace } from "../spec/hugging_face/import.ts";
import { layersOf } from "../spec/layers.ts";
import type { GqaAttention, MhaAttention, Model } from "../spec/model.ts";
import type { RopeScaling, RunSettings } from "./run_settings.ts";
import { settingsFromHuggingFace } from "./settings.ts";

type Config = Record<string, unknown>;

/** What a model with plain heads is, in two parts. */
interface Plain {
  model: Model;
  attention: MhaAttention | GqaAttention;
  settings: RunSettings;
  positions?: number;
}

/** A gated network that the field says the width of. */
const dense = ({ model: { ffn, moe } }: Plain): Config => ({
  intermediate_size: ffn?.width ?? moe?.width,
});

/** Experts whose number a field says. */
const experts = (number: string, width: string) => ({ model: { moe } }: Plain): Config => ({
  ...{ [number]: moe?.experts, num_experts_per_tok: moe?.topK, [width]: moe?.width },
});

const biased = ({ attention }: Plain): Config => ({ attention_bias: attention.outBias });

const normalised = ({ settings }: Plain): Config => ({
  norm_topk_prob: settings.router?.normalised,
});

/** Architectures that a description may fit, the plainest first, and what only they say. */
const rows: Readonly<Record<string, readonly [name: string, ...((of: Plain) => Config)[]]>> = {
  llama: ["LlamaForCausalLM", dense, biased],
  qwen2: ["Qwen2ForCausalLM", dense],
  qwen3: ["Qwen3ForCausalLM", dense, biased],
  mixtral: ["MixtralForCausalLM", experts("num_local_experts", "intermediate_size")],
  qwen3_moe: [
    "Qwen3MoeForCausalLM",
    dense,
    biased,
    experts("num_experts", "moe_intermediate_size"),
    normalised,
  ],
  olmoe: ["OlmoeForCausalLM", biased, experts("num_experts", "intermediate_size"), normalised],
};

function scalingOf(scaling: RopeScaling): Config {
  switch (scaling.kind) {
    case "linear":
      return { rope_type: "linear", factor: scaling.factor };
    case "llama3":
      return {
        ...{ rope_type: "llama3", factor: scaling.factor, low_freq_factor: scaling.lowFactor },
        high_freq_factor: scaling.highFactor,
        original_max_position_embeddings: scaling.length,
      };
    case "yarn":
      return {
        ...{ rope_type: "yarn", factor: scaling.factor, attention_factor: scaling.magnitude },
        ...{ beta_fast: scaling.fast, beta_slow: scaling.slow, truncate: scaling.rounded },
        original_max_position_embeddings: scaling.length,
      };
  }
}

/** Positions that stretched frequencies reach: some programs take the factor of YaRN from them. */
const stretched = (scaling: RopeScaling | undefined) =>
  scaling && scaling.kind !== "linear" ? Math.round(scaling.length * scaling.factor) : undefined;

function configOf(type: string, of: Plain): Config {
  const { model, attention, settings: { rope, normEps, ends }, positions } = of;
  const [architecture, ...parts] = rows[type];
  const fields = {
    ...{ architectures: [architecture], model_type: type },
    ...{ num_hidden_layers: model.layers, hidden_size: model.dModel },
    ...{ vocab_size: model.embedding.vocab, tie_word_embeddings: model.embedding.tied },
    ...{ num_attention_heads: attention.heads, head_dim: attention.headDim },
    num_key_value_heads: attention.kind === "gqa" ? attention.kvHeads : attention.heads,
    ...{ hidden_act: "silu", rms_norm_eps: normEps, rope_theta: rope.theta },
    max_position_embeddings: positions ?? stretched(rope.scaling),
    ...(rope.scaling && { rope_scaling: scalingOf(rope.scaling) }),
    ...(ends.length > 0 && { eos_token_id: ends }),
    ...Object.assign({}, ...parts.map((part) => part(of))),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Fields that say no size. */
const words = ["id", "name", "year", "reference", "rumour", "convention", "published"];
const apart = [...words, "sources", "notes"];

/** All that changes the forward pass, as text. */
function essence(model: Model, settings: RunSettings): string {
  const { attention } = model;
  const plain = attention.kind === "gqa" && attention.kvHeads === attention.heads
    ? Object.fromEntries(
      Object.entries({ ...attention, kind: "mha" }).filter(([key]) => key !== "kvHeads"),
    )
    : attention;
  // A dense network that no layer has is no part of the model.
  const dense = layersOf(model).some(({ network }) => network === "dense");
  const sizes = Object.entries({ ...model, attention: plain, ffn: dense ? model.ffn : undefined })
    .filter(([key]) => !apart.includes(key));
  const { router, ...rest } = settings;
  return stableJson([Object.fromEntries(sizes), { ...rest, ...(model.moe && { router }) }]);
}

/** Whether a config.json is read as a description and its settings. */
function fits(config: Config, model: Model, settings: RunSettings): boolean {
  try {
    const { id } = model;
    const read = essence(
      modelFromHuggingFace(config, { id }),
      settingsFromHuggingFace(config, { id }),
    );
    return read === essence(model, settings);
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/**
 * The config.json of a model, undefined where no architecture known here has all its parts. How many
 * positions a text may have is said where it is given, or follows from frequencies that are stretched.
 *
 * @example A mixture of plain blocks is a Mixtral, attention experts are none
 * ```ts
 * import { huggingFaceConfigOf, modelPreset, trainedSettings } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const tiny = modelPreset("tiny");
 * assertEquals(huggingFaceConfigOf(tiny, trainedSettings(tiny))?.model_type, "mixtral");
 * const bam = modelPreset("bam-small");
 * assertEquals(huggingFaceConfigOf(bam, trainedSettings(bam)), undefined);
 * ```
 */
export function huggingFaceConfigOf(
  model: Model,
  settings: RunSettings,
  { positions }: { positions?: number } = {},
): Readonly<Record<string, unknown>> | undefined {
  const { attention } = model;
  if (attention.kind !== "mha" && attention.kind !== "gqa") return undefined;
  const of = { model, attention, settings, positions };
  const configs = Object.keys(rows).map((type) => configOf(type, of));
  return configs.find((config) => fits(config, model, settings));
}
