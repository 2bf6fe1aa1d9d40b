/**
 * From a Hugging Face config.json to the constants of the forward pass.
 *
 * Each architecture is a row: what its class takes where the file is silent, how its router weighs
 * experts, and how its channels are turned. The defaults and formulas are those of the classes in
 * Hugging Face's transformers, and for DeepSeek-MoE and DeepSeek-V2 of the code in the releases.
 *
 * @module
 */
import { unknownName } from "../../kernels/base/errors.ts";
import type { Fields } from "../spec/hugging_face/fields.ts";
import { flagOf, wholeOf } from "../spec/hugging_face/rows.ts";
import { type RopeDefaults, ropeOf, yarnMagnitude } from "./rope_settings.ts";
import { checkNeutral, configFields, endsOf, numberOf, wordOf } from "./run_fields.ts";
import type { ClampedGate, RouterSettings, RunSettings } from "./run_settings.ts";

/** What an architecture fixes. */
interface Row {
  /** `rms_norm_eps` where it is left out. */
  normEps: number;
  /** `rope_theta` where it is left out. */
  theta: number;
  /** Stretched frequencies where the file is silent. */
  scaling?: RopeDefaults["scaling"];
  /** Latent attention: positions in a part of a head, in neighbouring channels. */
  latent?: boolean;
  /** The router. */
  router?: (fields: Fields) => RouterSettings;
  /** The clamped activation. */
  clamped?: (fields: Fields) => ClampedGate;
}

/** A softmax over all experts, of which the weights of the chosen are divided by their sum or not. */
const softmaxRouter = (normalised: boolean) => (fields: Fields): RouterSettings => ({
  score: "softmax",
  normalised: flagOf(fields, "norm_topk_prob", normalised),
  scale: 1,
  groupScore: "best",
});

/** DeepSeek-MoE's release has no factor of the weights. */
const deepseekRouter = (fields: Fields): RouterSettings => {
  wordOf(fields, "scoring_func", { words: ["softmax"], otherwise: "softmax" });
  const scale = numberOf(fields, "routed_scaling_factor", { otherwise: 1, above: 0 });
  if (scale !== 1) throw fields.wrong("routed_scaling_factor", "1, since the release has none");
  return softmaxRouter(false)(fields);
};

const deepseekV2Router = (fields: Fields): RouterSettings => {
  wordOf(fields, "scoring_func", { words: ["softmax"], otherwise: "softmax" });
  const methods = ["greedy", "group_limited_greedy"] as const;
  const method = wordOf(fields, "topk_method", { words: methods, otherwise: "greedy" });
  const groups = numberOf(fields, "n_group", { otherwise: 1, least: 1 });
  // The description limits groups unless the method is said to be greedy.
  if (groups > 1 && method === "greedy" && fields.get("topk_method") === undefined) {
    throw fields.wrong("topk_method", "greedy or group_limited_greedy beside n_group");
  }
  // The release then leaves out the factor, other readers the division: no file has it.
  if (flagOf(fields, "norm_topk_prob", false)) {
    throw fields.wrong("norm_topk_prob", "false, since sources differ on what else it means here");
  }
  const scale = numberOf(fields, "routed_scaling_factor", { otherwise: 1, above: 0 });
  return { score: "softmax", normalised: false, scale, groupScore: "best" };
};

const deepseekV3Router = (fields: Fields): RouterSettings => {
  wordOf(fields, "scoring_func", { words: ["sigmoid"], otherwise: "sigmoid" });
  wordOf(fields, "topk_method", { words: ["noaux_tc"], otherwise: "noaux_tc" });
  return {
    score: "sigmoid",
    normalised: flagOf(fields, "norm_topk_prob", true),
    scale: numberOf(fields, "routed_scaling_factor", { otherwise: 2.5, above: 0 }),
    groupScore: "best-two",
  };
};

const llama: Row = { normEps: 1e-6, theta: 10_000 };
const qwenMoe: Row = { ...llama, router: softmaxRouter(false) };
const deepseekV3: Row = { ...llama, latent: true, router: deepseekV3Router };

const rows: Readonly<Record<string, Row>> = {
  llama,
  qwen2: llama,
  qwen3: llama,
  mixtral: {
    normEps: 1e-5,
    theta: 1e6,
    router: () => ({ score: "softmax", normalised: true, scale: 1, groupScore: "best" }),
  },
  qwen2_moe: qwenMoe,
  qwen3_moe: qwenMoe,
  olmoe: { ...qwenMoe, normEps: 1e-5 },
  deepseek: { ...llama, router: deepseekRouter },
  deepseek_v2: { ...llama, latent: true, router: deepseekV2Router },
  deepseek_v3: deepseekV3,
  kimi_k2: deepseekV3,
  gpt_oss: {
    normEps: 1e-5,
    theta: 150_000,
    scaling: {
      ...{ kind: "yarn", factor: 32, length: 4096, fast: 32, slow: 1, rounded: false },
      magnitude: yarnMagnitude(32),
    },
    router: () => ({ score: "chosen", normalised: false, scale: 1, groupScore: "best" }),
    clamped: (fields) => ({
      limit: numberOf(fields, "swiglu_limit", { otherwise: 7, above: 0 }),
      alpha: numberOf(fields, "swiglu_alpha", { otherwise: 1.702, above: 0 }),
    }),
  },
};

/** The values of `model_type` whose checkpoints are read. */
export const checkpointArchitectures: readonly string[] = Object.keys(rows).sort();

/** Width of a head's query, and of the part of it that has positions. */
function headWidths(fields: Fields, { latent }: Row): { head: number; rotary: number } {
  if (latent) {
    const rotary = wholeOf(fields, "qk_rope_head_dim");
    return { head: wholeOf(fields, "qk_nope_head_dim") + rotary, rotary };
  }
  const head = fields.get("head_dim") === undefined
    ? wholeOf(fields, "hidden_size") / wholeOf(fields, "num_attention_heads")
    : wholeOf(fields, "head_dim");
  return { head, rotary: head };
}

/**
 * The constants of the forward pass that a Hugging Face config.json says.
 *
 * @param config The JSON of the file.
 * @param options `id` of the model, for messages.
 * @throws {UserError} for an architecture that is not known, with the nearest; for values that are
 * wrong, or that change the forward pass in a way that is not known.
 *
 * @example
 * ```ts
 * import { settingsFromHuggingFace } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const config = {
 *   ...{ model_type: "qwen3_moe", hidden_size: 2048, num_attention_heads: 32, head_dim: 128 },
 *   ...{ rope_theta: 1_000_000, norm_topk_prob: true, eos_token_id: 151645 },
 * };
 * const settings = settingsFromHuggingFace(config, { id: "mine" });
 * assertEquals(settings.rope, { theta: 1_000_000, dim: 128, pairs: "halves" });
 * assertEquals(settings.router?.normalised, true);
 * assertEquals(settings.ends, [151645]);
 * ```
 */
export function settingsFromHuggingFace(config: unknown, options: { id: string }): RunSettings {
  const { id } = options;
  const fields = configFields(config, id);
  if (!Object.hasOwn(rows, fields.type)) {
    throw unknownName("architecture of a checkpoint", fields.type, checkpointArchitectures);
  }
  const row = rows[fields.type];
  checkNeutral(fields);
  const { head, rotary } = headWidths(fields, row);
  const interleaved = row.latent && flagOf(fields, "rope_interleave", true);
  const pairs = interleaved ? "neighbours" : "halves";
  const { theta, scaling } = row;
  const { rope, attentionFactor } = ropeOf(fields, { theta, scaling, pairs, width: rotary, id });
  return {
    normEps: numberOf(fields, "rms_norm_eps", { otherwise: row.normEps, above: 0 }),
    rope,
    attentionScale: (row.latent ? attentionFactor : 1) / Math.sqrt(head),
    ...(row.router && { router: row.router(fields) }),
    ...(row.clamped && { clamped: row.clamped(fields) }),
    ends: endsOf(fields),
  };
}
