/** Small configurations of every architecture, with random sizes, and values that every type has. */
import fc from "fast-check";
import { modelTensors } from "../../../core/checkpoints/model_tensors.ts";
import { settingsFromHuggingFace } from "../../../core/checkpoints/settings.ts";
import { modelFromHuggingFace } from "../../../core/spec/hugging_face/import.ts";
import { split } from "../../../kernels/base/random.ts";

/** A config.json. */
export type Config = Record<string, unknown>;

const size = (least: number, most: number) => fc.integer({ min: least, max: most });
const even = (most: number) => size(1, most / 2).map((half) => 2 * half);

const base = {
  num_hidden_layers: size(1, 3),
  hidden_size: size(3, 20),
  vocab_size: size(2, 30),
  num_attention_heads: size(1, 3),
  intermediate_size: size(1, 24),
  tie_word_embeddings: fc.boolean(),
};

const heads = { head_dim: even(10), num_key_value_heads: size(1, 2) };

const experts = (name: string) => ({ [name]: size(2, 5), num_experts_per_tok: size(1, 2) });

const deepseek = {
  ...experts("n_routed_experts"),
  ...{ moe_intermediate_size: size(1, 9), n_shared_experts: size(0, 2) },
  first_k_dense_replace: size(0, 2),
};

const latent = {
  ...deepseek,
  ...{ kv_lora_rank: size(1, 6), qk_nope_head_dim: size(1, 5), qk_rope_head_dim: even(6) },
  ...{ v_head_dim: size(1, 5), q_lora_rank: fc.option(size(1, 6)) },
};

const qwenMoe = {
  ...{ ...heads, ...experts("num_experts"), moe_intermediate_size: size(1, 9) },
  decoder_sparse_step: size(1, 2),
};

const fields: Readonly<Record<string, Record<string, fc.Arbitrary<unknown>>>> = {
  llama: { ...heads, attention_bias: fc.boolean() },
  qwen2: heads,
  qwen3: { ...heads, attention_bias: fc.boolean() },
  mixtral: { ...heads, ...experts("num_local_experts") },
  qwen2_moe: { ...qwenMoe, shared_expert_intermediate_size: size(0, 7), qkv_bias: fc.boolean() },
  qwen3_moe: { ...qwenMoe, attention_bias: fc.boolean() },
  olmoe: { ...heads, ...experts("num_experts"), attention_bias: fc.boolean() },
  deepseek: { ...heads, ...deepseek },
  deepseek_v2: latent,
  deepseek_v3: { ...latent, num_nextn_predict_layers: size(0, 1) },
  kimi_k2: latent,
  gpt_oss: { ...heads, ...experts("num_local_experts"), attention_bias: fc.boolean() },
};

/** Every architecture that is drawn. */
export const drawnTypes: readonly string[] = Object.keys(fields).sort();

/** A configuration of a type. Query heads are a multiple of the others. */
export const configOf = (type: string): fc.Arbitrary<Config> =>
  fc.record({ ...base, ...fields[type] }).map((config: Config) => {
    const kv = config.num_key_value_heads;
    const all = Number(config.num_attention_heads) * Number(kv ?? 1);
    // A shared gate belongs to a shared expert, and a dense layer before others to a last one.
    if (config.shared_expert_intermediate_size === 0) config.shared_expert_intermediate_size = 1;
    if (config.first_k_dense_replace !== undefined) {
      const most = Number(config.num_hidden_layers) - 1;
      config.first_k_dense_replace = Math.min(Number(config.first_k_dense_replace), most);
    }
    if (config.decoder_sparse_step !== undefined) {
      config.num_hidden_layers = Math.max(2, Number(config.num_hidden_layers));
    }
    return { ...config, num_attention_heads: all, model_type: type };
  });

/** A configuration of any type. */
export const anyConfig: fc.Arbitrary<Config> = fc.constantFrom(...drawnTypes).chain(configOf);

/** The tensors of a configuration. */
export const tensorsOf = (config: Config) =>
  modelTensors(
    modelFromHuggingFace(config, { id: "drawn" }),
    settingsFromHuggingFace(config, { id: "drawn" }),
  );

/** Eighths from -16 to 16, which every type holds exactly; the same for a name and a seed. */
export function eighths(
  { name, shape }: { name: string; shape: readonly number[] },
  seed = 1,
): Float32Array {
  const stream = split(seed, name);
  const length = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length }, () => Math.floor(256 * stream.uniform()) / 8 - 16);
}
