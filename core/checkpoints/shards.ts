/**
 * The shards of a folder and the tensors in them: of every shard the header is read, and no more.
 *
 * @module
 */
import { nearest, UserError } from "../../kernels/base/errors.ts";
import { isObject } from "../spec/hugging_face/fields.ts";
import { openSafetensors } from "../train/safetensors.ts";
import { readJsonFile } from "./json_file.ts";
import { type FileOpener, openFile, type Shard } from "./shard_reader.ts";
import type { Located } from "./stored.ts";

/** The longest index that is read, as long as the longest header. */
const longestIndex = 100_000_000;

/** Name of the index, and of the file of a model that needs none. */
const names = { index: "model.safetensors.index.json", single: "model.safetensors" } as const;

/** Shards and their tensors. */
export interface ShardTensors {
  /** In order of their names. */
  shards: Shard[];
  /** All tensors, by name. */
  files: Map<string, Located>;
}

/** Shard by tensor, as the index says; undefined where there is none. */
async function weightMap(
  folder: string,
  files: FileOpener,
): Promise<Map<string, string> | undefined> {
  const path = `${folder}/${names.index}`;
  const index = await readJsonFile(path, { files, longest: longestIndex });
  if (!index) return undefined;
  const refuse = (what: string) => new UserError(`Cannot read ${path}: ${what}`);
  const { weight_map: map } = index;
  if (!isObject(map)) throw refuse("expected weight_map, an object of shards by tensor");
  for (const [tensor, shard] of Object.entries(map)) {
    // A name with a path could be any file of the machine.
    if (typeof shard === "string" && /^[\w-][\w.-]*\.safetensors$/.test(shard)) continue;
    throw refuse(
      `at weight_map, ${JSON.stringify(tensor)} found ${
        JSON.stringify(shard)
      }, wanted the name of ` +
        "a file that ends in .safetensors",
    );
  }
  return new Map(Object.entries(map) as [string, string][]);
}

async function readShard(
  folder: string,
  name: string,
  files: FileOpener,
): Promise<{ shard: Shard; tensors: Located[] } | undefined> {
  const path = `${folder}/${name}`;
  const source = await openFile(path, files);
  if (!source) return undefined;
  try {
    const { tensors } = await openSafetensors(source, { source: path });
    return {
      shard: { name, bytes: source.size },
      tensors: [...tensors].map(([tensor, entry]) => ({ name: tensor, shard: name, entry })),
    };
  } finally {
    source.close();
  }
}

async function noModel(folder: string, files: FileOpener): Promise<UserError> {
  const other = await openFile(`${folder}/pytorch_model.bin`, files) ??
    await openFile(`${folder}/pytorch_model.bin.index.json`, files);
  other?.close();
  const hint = other ? "; pytorch_model.bin is not read, save it as safetensors" : "";
  return new UserError(
    `Cannot read ${folder}: found neither ${names.index} nor ${names.single}${hint}`,
  );
}

function checkIndex(map: ReadonlyMap<string, string>, all: ShardTensors, folder: string): void {
  for (const [tensor, shard] of map) {
    const found = all.files.get(tensor);
    if (found?.shard === shard) continue;
    throw new UserError(
      `Cannot read ${folder}: ${names.index} says that ${tensor} is in ${shard}, found it in ` +
        `${found?.shard ?? "no shard"}`,
    );
  }
}

/**
 * The tensors of all shards of a folder.
 *
 * @throws {UserError} where a shard is missing, cut or wrong, or a tensor is in two of them.
 */
export async function readShards(folder: string, files: FileOpener): Promise<ShardTensors> {
  const map = await weightMap(folder, files);
  const wanted = map ? [...new Set(map.values())].sort() : [names.single];
  const all: ShardTensors = { shards: [], files: new Map() };
  for (const name of wanted) {
    const found = await readShard(folder, name, files);
    if (!found && !map) throw await noModel(folder, files);
    if (!found) {
      const match = nearest(name, all.shards.map((shard) => shard.name));
      const hint = match ? `, nearest is ${match}` : "";
      throw new UserError(
        `Cannot read ${folder}: ${names.index} names a shard ${name} that is missing${hint}`,
      );
    }
    all.shards.push(found.shard);
    for (const tensor of found.tensors) {
      const other = all.files.get(tensor.name);
      if (other) {
        throw new UserError(
          `Cannot read ${folder}: found a tensor ${tensor.name} in ${other.shard} and in ${name}`,
        );
      }
      all.files.set(tensor.name, tensor);
    }
  }
  if (map) checkIndex(map, all, folder);
  return all;
}
