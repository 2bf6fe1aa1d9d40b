/**
 * Writes a model as Hugging Face keeps it: config.json, and shards of safetensors with an index where
 * there is more than one.
 *
 * Each file is written whole or not at all, config.json last: a folder whose writing was stopped
 * cannot be opened and is written anew.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { stableJson } from "../../kernels/base/files.ts";
import { modelFromHuggingFace } from "../spec/hugging_face/import.ts";
import { diskStore, type FileStore, writeWhole } from "../train/files.ts";
import { bfloat16, safetensorsHead, safetensorsOf } from "../train/safetensors.ts";
import { safetensorsBits } from "../train/safetensors_header.ts";
import { idOfFolder } from "./folder.ts";
import { elementsOf, type FilePart, layoutsOf, type TensorLayout } from "./layout.ts";
import { type ModelTensor, modelTensors } from "./model_tensors.ts";
import { nameTables } from "./names/tables.ts";
import { geometryOf, rowsToFile } from "./reorder.ts";
import { settingsFromHuggingFace } from "./settings.ts";

/** Types that tensors are written in. */
export type WrittenType = "F32" | "F16" | "BF16";

/** Values of a tensor of the forward pass. */
export type ValuesOf = (tensor: ModelTensor) => Float32Array | Promise<Float32Array>;

/** What is written and how. */
export interface WriteModelOptions {
  /** The config.json. */
  config: Readonly<Record<string, unknown>>;
  /** Values of each tensor of the forward pass; asked for one by one, in order. */
  values: ValuesOf;
  /** Type in the files, BF16 unless given. */
  dtype?: WrittenType;
  /** Bytes of the tensors of a shard, 5e9 unless given; a larger tensor has a shard of its own. */
  maxShardBytes?: number;
  /** Where files are written, the disk unless given. */
  files?: FileStore;
}

/** A tensor of a file: a run of parts of a tensor of the forward pass. */
interface FileTensor {
  name: string;
  shape: readonly number[];
  layout: TensorLayout;
  /** Its first part, and how many it has. */
  first: number;
  parts: number;
}

/** The tensors of files that hold a tensor. */
function fileTensors(layout: TensorLayout): FileTensor[] {
  const first = layout.part(0);
  if (layout.parts > 1 && layout.part(1).file === first.file) {
    const { file: name, fileShape: shape } = first;
    return [{ name, shape, layout, first: 0, parts: layout.parts }];
  }
  return Array.from({ length: layout.parts }, (_, i) => {
    const { file: name, fileShape: shape } = layout.part(i);
    return { name, shape, layout, first: i, parts: 1 };
  });
}

/** Tensors in shards, in order, each as full as it may be. */
function shardsOf(tensors: readonly FileTensor[], bits: number, most: number): FileTensor[][] {
  const shards: FileTensor[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    const bytes = elementsOf(tensor.shape) * bits / 8;
    if (shards.length === 0 || bytes > room) {
      shards.push([]);
      room = most;
    }
    shards[shards.length - 1].push(tensor);
    room -= bytes;
  }
  return shards;
}

function encode(values: Float32Array, dtype: WrittenType): Uint8Array {
  const shape = [values.length];
  switch (dtype) {
    case "F32":
      return safetensorsOf(values, shape).bytes;
    case "F16":
      return safetensorsOf(Float16Array.from(values), shape).bytes;
    case "BF16":
      return bfloat16(values, shape).bytes;
  }
}

/** Numbers of a part in the file's order. */
function inFile(values: Float32Array, part: FilePart): Float32Array {
  const geometry = geometryOf(part);
  const file = new Float32Array(values.length);
  rowsToFile({ file, part: values, geometry, range: { from: 0, to: geometry.rows } });
  return file;
}

/** The tensor that was asked for last, which a shard's end may cut. */
function rememberLast(values: ValuesOf): ValuesOf {
  let last: { name: string; values: Float32Array } | undefined;
  return async (tensor) => {
    if (last?.name !== tensor.name) {
      last = undefined;
      const found = await values(tensor);
      const wanted = elementsOf(tensor.shape);
      if (found.length !== wanted) {
        throw new RangeError(
          `Cannot write ${tensor.name}: found ${found.length} numbers, wanted ${wanted}`,
        );
      }
      last = { name: tensor.name, values: found };
    }
    return last.values;
  };
}

/** A shard in pieces. */
async function* piecesOf(
  tensors: readonly FileTensor[],
  options: { values: ValuesOf; dtype: WrittenType },
): AsyncGenerator<Uint8Array> {
  const { values, dtype } = options;
  yield safetensorsHead(
    Object.fromEntries(tensors.map(({ name, shape }) => [name, { dtype, shape }])),
    { format: "pt" },
  );
  for (const { layout, first, parts } of tensors) {
    const all = await values(layout);
    const size = all.length / layout.parts;
    for (let i = first; i < first + parts; i++) {
      yield encode(inFile(all.subarray(i * size, (i + 1) * size), layout.part(i)), dtype);
    }
  }
}

const text = (value: unknown) => [new TextEncoder().encode(stableJson(value))];

/** Refuses a folder that has a model: a mixture of two would look like one. */
async function checkEmpty(path: string, files: FileStore): Promise<void> {
  const found = await files.open(`${path}/config.json`);
  found?.close();
  if (found) {
    throw new UserError(`Cannot write a model to ${path}: found a config.json, wanted none there`);
  }
}

function fileTensorsOf(config: WriteModelOptions["config"], id: string): FileTensor[] {
  const settings = settingsFromHuggingFace(config, { id });
  const tensors = modelTensors(modelFromHuggingFace(config, { id }), settings);
  return layoutsOf(tensors, nameTables[config.model_type as string]).flatMap(fileTensors);
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
  const { config, dtype = "BF16", maxShardBytes = 5e9, files = diskStore } = options;
  const tensors = fileTensorsOf(config, idOfFolder(path));
  await checkEmpty(path, files);
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
  // What a writing that was stopped left would be taken for the index of these shards.
  await files.remove(`${path}/model.safetensors.index.json`);
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
  await write("config.json", text(config));
  return written;
}
