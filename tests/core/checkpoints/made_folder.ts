/** A small folder in memory that tests take apart. */
import { assertMatch, assertRejects } from "@std/assert";
import { type MemoryFiles, memoryFiles } from "../../../core/checkpoints/memory_files.ts";
import { writeModelFolder } from "../../../core/checkpoints/write.ts";
import {
  bfloat16,
  memorySource,
  openSafetensors,
  readSafetensors,
  safetensorsPieces,
  type SafetensorsTensor,
} from "../../../core/train/safetensors.ts";
import { openModelFolder } from "../../../core/checkpoints/folder.ts";
import type { FileOpener } from "../../../core/checkpoints/shard_reader.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { type Config, eighths } from "./drawn_configs.ts";

/** A small Mixtral. */
export const smallConfig: Config = {
  ...{ model_type: "mixtral", num_hidden_layers: 2, hidden_size: 6, vocab_size: 10 },
  ...{ num_attention_heads: 2, num_key_value_heads: 1, head_dim: 4, intermediate_size: 5 },
  ...{ num_local_experts: 3, num_experts_per_tok: 2, tie_word_embeddings: false },
};

/** A folder `x` with a model, in memory. */
export async function madeFolder(
  options: { config?: Config; maxShardBytes?: number } = {},
): Promise<MemoryFiles> {
  const { config = smallConfig, maxShardBytes } = options;
  const files = memoryFiles();
  await writeModelFolder("x", { config, files, maxShardBytes, values: eighths });
  return files;
}

/** Changes a JSON file of the folder. */
export function changeJson(
  files: MemoryFiles,
  name: string,
  change: (json: Config) => unknown,
): void {
  const json = JSON.parse(new TextDecoder().decode(files.contents.get(`x/${name}`)));
  const text = JSON.stringify(change(json));
  files.contents.set(`x/${name}`, new TextEncoder().encode(text));
}

/** Changes the tensors of a file of the folder. */
export async function changeTensors(
  files: MemoryFiles,
  change: (tensors: Record<string, SafetensorsTensor>) => void,
  name = "model.safetensors",
): Promise<void> {
  const source = memorySource([files.contents.get(`x/${name}`)!]);
  const { tensors: entries } = await openSafetensors(source, { source: name });
  const tensors: Record<string, SafetensorsTensor> = {};
  for (const [tensor, entry] of entries) tensors[tensor] = await readSafetensors(source, entry);
  change(tensors);
  const all = await memorySource(safetensorsPieces(tensors)).read(0, Infinity);
  files.contents.set(`x/${name}`, all);
}

/** A tensor of zeros. */
export const zeros = (...shape: number[]) =>
  bfloat16(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);

/** What a folder is refused with, in a line. */
export async function refusal(files: FileOpener): Promise<string> {
  const { message } = await assertRejects(() => openModelFolder("x", { files }), UserError);
  assertMatch(message, /^[^\n]*[^.\n]$/);
  return message;
}
