/**
 * Writes a folder: shards of safetensors, an index where there is more than one, and last the file that
 * says what the model is.
 *
 * Each file is written whole or not at all: a folder whose writing was stopped cannot be opened and is
 * written anew.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { stableJson } from "../../kernels/base/files.ts";
import { diskStore, type FileStore, writeWhole } from "../train/files.ts";
import { safetensorsBits } from "../train/safetensors_header.ts";
import {
  fileTensors,
  piecesOf,
  rememberLast,
  shardsOf,
  type ValuesOf,
  type WrittenType,
} from "./file_tensors.ts";
import { elementsOf, type TensorLayout } from "./layout.ts";
import { ownConfigName } from "./own_config.ts";

/** How a folder is written. */
export interface WriteFolderOptions {
  /** Type in the files. */
  dtype?: WrittenType;
  /** Bytes of the tensors of a shard, 5e9 unless given; a larger tensor has a shard of its own. */
  maxShardBytes?: number;
  /** Where files are written, the disk unless given. */
  files?: FileStore;
}

const text = (value: unknown) => [new TextEncoder().encode(stableJson(value))];

/** Refuses a folder that has a model: a mixture of two would look like one. */
async function checkEmpty(path: string, files: FileStore): Promise<void> {
  for (const name of ["config.json", ownConfigName]) {
    const found = await files.open(`${path}/${name}`);
    found?.close();
    if (!found) continue;
    throw new UserError(`Cannot write a model to ${path}: found a ${name}, wanted none there`);
  }
}

/**
 * Writes tensors and what a file of JSON says of them.
 *
 * @throws {UserError} where the folder has a model.
 * @returns Names of the files, in the order in which they were written.
 */
export async function writeFolder(
  path: string,
  options: WriteFolderOptions & {
    /** Where each tensor of the forward pass lies. */
    layouts: readonly TensorLayout[];
    /** Their values; asked for one by one, in order. */
    values: ValuesOf;
    /** Type in the files. */
    dtype: WrittenType;
    /** The file that is written last. */
    config: { name: string; json: unknown };
  },
): Promise<string[]> {
  const { config, dtype, layouts, maxShardBytes = 5e9, files = diskStore } = options;
  await checkEmpty(path, files);
  const tensors = layouts.flatMap(fileTensors);
  const bits = safetensorsBits[dtype];
  const shards = shardsOf(tensors, bits, maxShardBytes);
  const number = (n: number) => `${n}`.padStart(5, "0");
  const nameOf = (i: number) =>
    shards.length === 1
      ? "model.safetensors"
      : `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
  const values = rememberLast(options.values);
  const written: string[] = [];
  const write = async (name: string, pieces: Parameters<typeof writeWhole>[1]) => {
    await writeWhole(`${path}/${name}`, pieces, { store: files });
    written.push(name);
  };
  // What a writing that was stopped left would be taken for the index of these shards, or instead of
  // them: other programs look for one file first.
  await files.remove(`${path}/model.safetensors.index.json`);
  if (shards.length > 1) await files.remove(`${path}/model.safetensors`);
  for (const [i, shard] of shards.entries()) {
    await write(nameOf(i), piecesOf(shard, { values, dtype }));
  }
  if (shards.length > 1) {
    const total = tensors.reduce((n, { shape }) => n + elementsOf(shape) * bits / 8, 0);
    const map = shards.flatMap((shard, i) => shard.map(({ name }) => [name, nameOf(i)]));
    await write(
      "model.safetensors.index.json",
      text({
        metadata: { total_size: total },
        weight_map: Object.fromEntries(map),
      }),
    );
  }
  await write(config.name, text(config.json));
  return written;
}
