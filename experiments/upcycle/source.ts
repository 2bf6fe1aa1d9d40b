/**
 * Models that others are made of: folders, and checkpoints of trainings.
 *
 * A source is opened by headers alone; its weights are read when all sources are known to fit.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { Json } from "../../core/train/checkpoint.ts";
import {
  type GateRecipe,
  type Model,
  type ModelFolder,
  openCheckpoint,
  openModelFolder,
  partsGate,
  readModel,
  readWeightedModel,
  recipeById,
  type RunSettings,
  type WeightedModel,
  weightsOfCheckpoint,
  type WrittenType,
} from "../../core/mod.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { stableJson } from "../../kernels/base/files.ts";

/** Name of a training's checkpoint in a folder. */
export const checkpointName = "checkpoint.safetensors";

/** A model with all that its forward pass needs but its weights. */
export interface Described {
  /** The description. */
  model: Model;
  /** Constants of the forward pass; those of the trainer where absent. */
  settings?: RunSettings;
  /** The gate of its layers with experts; the description's own router where absent. */
  recipe?: GateRecipe;
}

/** An open source. */
export interface Source extends Described {
  /** Tokens of the longest text that it was made for, where it says so. */
  positions?: number;
  /** The path as it was given. */
  name: string;
  /** Where files beside the weights are, such as a tokenizer's. */
  folder: string;
  /** Type of most of its numbers. */
  dtype: WrittenType;
  /** Reads its weights as f32. */
  read(): Promise<WeightedModel>;
  /** Gives its files back. */
  close(): void;
}

/**
 * Refuses weights that are not finite: what is made of them cannot be held against them.
 *
 * @throws {UserError} that names the first weight with such a number.
 */
export function checkFinite(name: string, { weights }: Pick<WeightedModel, "weights">): void {
  for (const [of, { data }] of Object.entries(weights)) {
    const strange = data.find((x) => !Number.isFinite(x));
    if (strange === undefined) continue;
    throw new UserError(`Cannot use ${name}: found ${strange} in ${of}, wanted finite numbers`);
  }
}

/** Types of many tensors to the one that keeps them: f32 where there is any other than halves. */
function typeOf(types: readonly string[]): WrittenType {
  const all = new Set(types);
  const [one] = all;
  return all.size === 1 && (one === "BF16" || one === "F16") ? one : "F32";
}

function ofFolder(name: string, folder: ModelFolder): Source {
  const { model, settings, context, recipe, positions } = folder;
  return {
    ...{ name, folder: name, model, settings, positions, close: folder.close },
    ...(recipe !== undefined && { recipe: recipeById(recipe) }),
    dtype: typeOf([...context.files.values()].map(({ entry }) => entry.dtype)),
    read: () => readWeightedModel(folder),
  };
}

const isObject = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The gate of an id, of the table or of parts of a network. */
const gateOfId = (id: string, topK: number) => id === "parts" ? partsGate(topK) : recipeById(id);

/** The gate that a training was told: one of this version, whose losses may be others. */
function recipeOf(told: Json | undefined, model: Model, path: string): GateRecipe | undefined {
  if (!isObject(told)) return undefined;
  const known = gateOfId(String(told.id), model.moe?.topK ?? 1);
  const row: Record<string, unknown> = { ...known };
  const strange = Object.keys({ ...row, ...told }).filter((key) => key !== "balance")
    .find((key) => stableJson(told[key] ?? null) !== stableJson(row[key] ?? null));
  if (strange === undefined) return known;
  throw new UserError(
    `Cannot read ${path}: found another ${strange} of the gate ${known.id} than this version has`,
  );
}

async function ofCheckpoint(name: string, path: string): Promise<Source | undefined> {
  const checkpoint = await openCheckpoint(path);
  if (!checkpoint) return undefined;
  try {
    const { told, file, header } = checkpoint;
    if (!isObject(told.model)) {
      throw new UserError(`Cannot read ${path}: found no model in what its training was told`);
    }
    const described = { sources: {}, ...told.model };
    const model = readModel(described, `the model of ${path}`);
    const recipe = recipeOf(told.recipe, model, path);
    const types = [...header.tensors.values()].map(({ dtype }) => dtype);
    return {
      ...{ name, folder: dirname(path), model, dtype: typeOf(types) },
      ...(recipe && { recipe }),
      read: () => weightsOfCheckpoint(checkpoint, { model }),
      close: () => file.close(),
    };
  } catch (error) {
    checkpoint.file.close();
    throw error;
  }
}

/**
 * Opens a source: a folder as Hugging Face keeps models, one of our own, one with a training's
 * checkpoint, or such a checkpoint itself.
 *
 * @throws {UserError} in a line for what is no model that can be read.
 */
export async function openSource(name: string): Promise<Source> {
  const found = await Deno.stat(name).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  const wrong = (what: string) =>
    new UserError(
      `Cannot read ${name}: found ${what}, wanted the folder of a model with its config.json or ` +
        `moelab.json, or the ${checkpointName} of a training`,
    );
  if (!found) throw wrong("nothing there");
  if (found.isDirectory) {
    const checkpoint = await ofCheckpoint(name, join(name, checkpointName));
    return checkpoint ?? ofFolder(name, await openModelFolder(name));
  }
  const checkpoint = name.endsWith(".safetensors") ? await ofCheckpoint(name, name) : undefined;
  if (!checkpoint) throw wrong("a file");
  return checkpoint;
}
