/**
 * Opens a folder as Hugging Face keeps models: config.json, and safetensors in one file or in shards
 * with an index; or one of our own, which has moelab.json instead.
 *
 * Everything is checked by headers alone: what is missing, left over, misshapen or cut is refused
 * in a line before a number is read or memory is taken for it.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { isObject, type JsonObject } from "../spec/hugging_face/fields.ts";
import { modelFromHuggingFace } from "../spec/hugging_face/import.ts";
import type { Model } from "../spec/model.ts";
import { diskStore } from "../train/files.ts";
import { readJsonFile } from "./json_file.ts";
import { layoutsOf, type TensorLayout } from "./layout.ts";
import { type LeftOut, leftOutOf } from "./left_out.ts";
import { type ModelTensor, modelTensors } from "./model_tensors.ts";
import { ownNames } from "./names/own.ts";
import type { NameTable } from "./names/rule.ts";
import { nameTables, packedNameTables } from "./names/tables.ts";
import { type OwnConfig, ownConfigName, readOwnConfig } from "./own_config.ts";
import type { RunSettings } from "./run_settings.ts";
import { settingsFromHuggingFace } from "./settings.ts";
import { type FileOpener, type Shard, type ShardReader, shardReader } from "./shard_reader.ts";
import { readShards } from "./shards.ts";
import { locatedIn, type StoredContext, storedOf } from "./stored.ts";

/** An open folder with a model. */
export interface ModelFolder {
  /** Where it is. */
  path: string;
  /** Its config.json, or moelab.json. */
  config: Readonly<Record<string, unknown>>;
  /** What the model is made of. */
  model: Model;
  /** Constants of its forward pass. */
  settings: RunSettings;
  /** Id of the gate that it was trained with, where it says one. */
  recipe?: string;
  /** Tokens of the longest text that it was made for, where it says so. */
  positions?: number;
  /** The tensors of its forward pass, all of which the files have. */
  tensors: readonly ModelTensor[];
  /** Tensors of the files that the forward pass does without. */
  leftOut: readonly LeftOut[];
  /** Its shards. */
  shards: readonly Shard[];
  /** Where each tensor lies. */
  layouts: ReadonlyMap<string, TensorLayout>;
  /** In what formats the files hold them. */
  context: StoredContext;
  /** Reads the shards. */
  reader: ShardReader;
  /** Gives open files back. */
  close(): void;
}

/** The longest config.json that is read. */
const longestConfig = 2 ** 20;

/** A model's id, made from the name of its folder. */
export function idOfFolder(path: string): string {
  const last = path.split(/[/\\]/).filter((part) => part !== "").at(-1) ?? "";
  const words = last.toLowerCase().match(/[a-z0-9]+(\.[a-z0-9]+)*/g);
  return words ? words.join("-") : "model";
}

/** Formats that are read, and what a config.json says of blocks. */
function quantisation(
  config: JsonObject,
  source: string,
): Pick<StoredContext, "block" | "quantised"> {
  const found = config.quantization_config ?? undefined;
  if (found === undefined) return { block: [128, 128], quantised: false };
  const refuse = (at: string, value: unknown, wanted: string) =>
    new UserError(
      `Cannot read ${source}: at quantization_config${at} found ${JSON.stringify(value)}, ` +
        `wanted ${wanted}`,
    );
  if (!isObject(found)) throw refuse("", found, "an object");
  const methods = ["fp8", "mxfp4"];
  const { quant_method: method, weight_block_size: block = [128, 128] } = found;
  if (!methods.includes(method as string)) {
    throw refuse(
      ".quant_method",
      method,
      `${methods.join(" or ")}, or a model that is not narrowed`,
    );
  }
  const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && Number(n) > 0;
  if (block === null) return { block: [128, 128], quantised: true };
  if (!Array.isArray(block) || block.length !== 2 || !block.every(isSize)) {
    throw refuse(".weight_block_size", block, "rows and columns of a block");
  }
  return { block: [block[0], block[1]], quantised: true };
}

/** A claim of more layers than there are tensors would be told layer by layer before it is refused. */
function checkLayers(
  layers: unknown,
  { tensors, field, source }: { tensors: number; field: string; source: string },
): void {
  if (typeof layers !== "number" || layers <= tensors) return;
  throw new UserError(
    `Cannot read ${source}: at ${field} found ${layers}, wanted at most ${tensors}, the ` +
      "tensors that the files have",
  );
}

/** Names of an architecture's files; those of blocks where the files have such. */
function namesOf(type: string, context: StoredContext) {
  const packed = packedNameTables[type];
  const hasBlocks = packed && [...context.files.keys()].some((name) => /_blocks$/.test(name));
  return hasBlocks ? packed : nameTables[type];
}

/** What the file beside the tensors says, and what it calls them. */
interface Said extends OwnConfig, Pick<ModelFolder, "config"> {
  names: NameTable;
  context: StoredContext;
  shards: readonly Shard[];
}

/** A folder as Hugging Face keeps it. */
async function readTheirs(
  path: string,
  { config, id, files }: { config: JsonObject; id: string; files: FileOpener },
): Promise<Said> {
  const source = `the config.json of ${id}`;
  const settings = settingsFromHuggingFace(config, { id });
  const narrow = quantisation(config, source);
  const { shards, files: located } = await readShards(path, files);
  const { num_hidden_layers: layers } = config;
  checkLayers(layers, { tensors: located.size, field: "num_hidden_layers", source });
  const model = modelFromHuggingFace(config, { id });
  const context = { ...narrow, files: located, source: path };
  const names = namesOf(config.model_type as string, context);
  const { max_position_embeddings: most } = config;
  const positions = Number.isSafeInteger(most) && Number(most) > 0 && { positions: Number(most) };
  return { config, model, settings, ...positions, names, context, shards };
}

/** A folder of our own. */
async function readOurs(
  path: string,
  { config, id, files }: { config: JsonObject; id?: string; files: FileOpener },
): Promise<Said> {
  const source = `${path}/${ownConfigName}`;
  const { shards, files: located } = await readShards(path, files);
  const said = isObject(config.model) ? config.model : {};
  for (const field of ["layers", "encoderLayers"]) {
    checkLayers(said[field], { tensors: located.size, field: `/model/${field}`, source });
  }
  const { model, ...rest } = readOwnConfig(config, source);
  const context = {
    ...{ files: located, source: path, quantised: false, block: [128, 128] },
  } satisfies StoredContext;
  const named = id === undefined ? model : { ...model, id };
  return { ...rest, config, model: named, names: ownNames, context, shards };
}

/**
 * Opens a folder with a model and checks it, by headers alone.
 *
 * @param path The folder.
 * @param options `id` of the model, made from the folder's name unless the folder or this gives one;
 * `files` opens files, those of the disk unless given.
 * @throws {UserError} one line: an architecture, a field or a format that is not known; a tensor that
 * is missing, left over or of another shape; a shard that is missing, cut or wrong.
 */
export async function openModelFolder(
  path: string,
  options: { id?: string; files?: FileOpener } = {},
): Promise<ModelFolder> {
  const { id, files = diskStore } = options;
  const told = { files, longest: longestConfig };
  const theirs = await readJsonFile(`${path}/config.json`, told);
  const ours = theirs ? undefined : await readJsonFile(`${path}/${ownConfigName}`, told);
  if (!theirs && !ours) throw new UserError(`Cannot read ${path}: found no config.json in it`);
  const { names, ...said } = theirs
    ? await readTheirs(path, { config: theirs, id: id ?? idOfFolder(path), files })
    : await readOurs(path, { config: ours!, id, files });
  const { model, settings, context, shards } = said;
  const tensors = modelTensors(model, settings);
  const layouts = layoutsOf(tensors, names);
  const used = new Set<string>();
  for (const layout of layouts) {
    for (let i = 0; i < layout.parts; i++) {
      for (const { name } of locatedIn(storedOf(layout.part(i), context))) used.add(name);
    }
  }
  const leftOut = leftOutOf(context.files, { used, model, source: path });
  const reader = shardReader(path, { files, shards });
  return {
    ...{ ...said, path, tensors, leftOut, reader },
    layouts: new Map(layouts.map((layout) => [layout.name, layout])),
    close: reader.close,
  };
}
