/** Small models in folders, and the command over them. @module */
import {
  type HostWeights,
  type Model,
  modelFromHuggingFace,
  newWeights,
  settingsFromHuggingFace,
  writeWeightedModel,
  type WrittenType,
} from "../../../core/mod.ts";
import { main } from "../../../experiments/cli.ts";
import { makeWorld } from "../world.ts";

/** A small Llama. */
export const llama = {
  ...{ model_type: "llama", num_hidden_layers: 2, hidden_size: 32, vocab_size: 256 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, intermediate_size: 24 },
  tie_word_embeddings: true,
};

/** A small Qwen 3: norms of heads, another base of positions. */
export const qwen = {
  ...{ ...llama, model_type: "qwen3", head_dim: 8, rope_theta: 1e6, tie_word_embeddings: false },
};

/** The Llama in parallel blocks. */
export function parallelModel(): Model {
  const model = modelFromHuggingFace(llama, { id: "parallel" });
  return { ...model, block: "parallel", norm: { ...model.norm, perLayer: 1 } };
}

/** Writes a released model with the weights of a seed, and gives them. */
export async function writeDense(
  folder: string,
  options: { seed: number; config?: Readonly<Record<string, unknown>>; dtype?: WrittenType },
): Promise<HostWeights> {
  const { seed, dtype } = options;
  const config: Readonly<Record<string, unknown>> = options.config ?? llama;
  const positions = config.max_position_embeddings as number | undefined;
  const settings = settingsFromHuggingFace(config, { id: "dense" });
  const made = newWeights(modelFromHuggingFace(config, { id: "dense" }), { seed });
  await writeWeightedModel(folder, made, { settings, dtype, positions });
  return made.weights;
}

/** Writes a dense model of parallel blocks, and gives its weights. */
export async function writeParallel(folder: string, seed: number): Promise<HostWeights> {
  const made = newWeights(parallelModel(), { seed });
  await writeWeightedModel(folder, made);
  return made.weights;
}

/** Runs `upcycle`. */
export async function upcycled(...words: string[]) {
  const world = makeWorld();
  const code = await main(["upcycle", ...words], world.io);
  return { code, text: world.printed.join("\n"), said: world.said };
}
