/**
 * Writes a model as Hugging Face keeps it: config.json, and shards of safetensors with an index where
 * there is more than one.
 *
 * @module
 */
import { modelFromHuggingFace } from "../spec/hugging_face/import.ts";
import type { ValuesOf } from "./file_tensors.ts";
import { idOfFolder } from "./folder.ts";
import { layoutsOf } from "./layout.ts";
import { modelTensors } from "./model_tensors.ts";
import { nameTables } from "./names/tables.ts";
import { settingsFromHuggingFace } from "./settings.ts";
import { writeFolder, type WriteFolderOptions } from "./write_folder.ts";

/** What is written and how; numbers are BF16 unless `dtype` is given. */
export interface WriteModelOptions extends WriteFolderOptions {
  /** The config.json. */
  config: Readonly<Record<string, unknown>>;
  /** Values of each tensor of the forward pass; asked for one by one, in order. */
  values: ValuesOf;
}

/**
 * Writes a model's folder, which {@linkcode openModelFolder} and other readers open.
 *
 * @throws {UserError} where the folder has a model, or the config.json is not understood.
 * @throws {RangeError} where values do not fit the shape of a tensor.
 *
 * @example
 * ```ts
 * import { memoryFiles, writeModelFolder } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const config = {
 *   ...{ model_type: "olmoe", num_hidden_layers: 1, hidden_size: 8, vocab_size: 16 },
 *   ...{ num_attention_heads: 2, intermediate_size: 4, num_experts: 4, num_experts_per_tok: 2 },
 * };
 * const memory = memoryFiles();
 * const written = await writeModelFolder("tiny", {
 *   ...{ config, files: memory, maxShardBytes: 1000 },
 *   values: ({ shape }) => new Float32Array(shape.reduce((a, b) => a * b, 1)),
 * });
 * assertEquals(written.at(-1), "config.json");
 * assertEquals(memory.contents.size, written.length);
 * ```
 *
 * @returns Names of the files, in the order in which they were written.
 */
export async function writeModelFolder(
  path: string,
  options: WriteModelOptions,
): Promise<string[]> {
  const { config, dtype = "BF16", ...rest } = options;
  const id = idOfFolder(path);
  const settings = settingsFromHuggingFace(config, { id });
  const tensors = modelTensors(modelFromHuggingFace(config, { id }), settings);
  const layouts = layoutsOf(tensors, nameTables[config.model_type as string]);
  return await writeFolder(path, {
    ...{ ...rest, dtype, layouts, config: { name: "config.json", json: config } },
  });
}
