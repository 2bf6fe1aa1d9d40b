/**
 * A model with its weights on the host, as a folder and back.
 *
 * It is written as Hugging Face keeps models where one of its architectures has all that the model has,
 * so that other programs read it too; else with `moelab.json` and our own names.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { recipeById } from "../gates/recipes.ts";
import type { Model } from "../spec/model.ts";
import { readModel } from "../spec/schema.ts";
import type { HostWeight, HostWeights, WeightedModel } from "../train/schemes/model_weights.ts";
import type { ModelFolder } from "./folder.ts";
import { huggingFaceConfigOf } from "./hugging_face_config.ts";
import { elementsOf, layoutsOf } from "./layout.ts";
import { gateName, type ModelTensor, modelTensors } from "./model_tensors.ts";
import { ownNames } from "./names/own.ts";
import { nameTables } from "./names/tables.ts";
import { ownConfigName } from "./own_config.ts";
import { readTensor } from "./read.ts";
import type { RunSettings } from "./run_settings.ts";
import { routerOfRecipe, trainedSettings } from "./trained_settings.ts";
import { writeFolder, type WriteFolderOptions } from "./write_folder.ts";

/** Whose layout a folder has: an architecture of Hugging Face's, or our own. */
export type FolderLayout = "hugging-face" | "moelab";

/** What is said beside a model and its weights; numbers are F32 unless `dtype` is given. */
export interface WriteWeightedOptions extends WriteFolderOptions {
  /**
   * Constants of the forward pass: those of the folder that the weights came from. Those of a model
   * that was trained here unless given.
   */
  settings?: RunSettings;
  /** The gate of its layers with experts; the settings' router, or the description's own, unless given. */
  recipe?: GateRecipe;
  /** Tokens of the longest text that the model was made for; not said unless given. */
  positions?: number;
  /**
   * Whose layout; Hugging Face's where it fits unless given. A config.json says what a gate does, and
   * not its name: a model that is to be trained on with its gate is kept in our own.
   */
  layout?: FolderLayout;
}

/** What was written. */
export interface WrittenFolder {
  /** Whose layout it has. */
  layout: FolderLayout;
  /** The architecture as Hugging Face names it, where it has one. */
  architecture?: string;
  /** Names of the files, in the order in which they were written. */
  files: string[];
}

function settingsFor(model: Model, options: WriteWeightedOptions): RunSettings {
  const { settings, recipe } = options;
  if (!settings) return trainedSettings(model, { recipe });
  const { router, ...rest } = settings;
  if (!model.moe) return rest;
  return { ...rest, router: recipe || !router ? routerOfRecipe(model, recipe) : router };
}

/** The weights of a model's tensors, each of which has to be there, and nothing else. */
function weightsFor(
  tensors: readonly ModelTensor[],
  { model, weights }: WeightedModel,
): Map<string, Float32Array> {
  const wrong = (what: string) => new UserError(`Cannot write ${model.id}: ${what}`);
  const words = (shape: readonly number[]) => `[${shape.join(", ")}]`;
  const used = new Set<string>();
  const found = tensors.map(({ name, shape }): [string, Float32Array] => {
    const own = [name, gateName(name)].find((one) => weights[one]);
    if (own === undefined) throw wrong(`found no ${name}, wanted ${words(shape)}`);
    used.add(own);
    const { shape: has, data } = weights[own];
    if (words(has) === words(shape) && data.length === elementsOf(shape)) return [name, data];
    throw wrong(`found ${own} as ${data.length} numbers of ${words(has)}, wanted ${words(shape)}`);
  });
  const extra = Object.keys(weights).find((name) => !used.has(name));
  if (extra === undefined) return new Map(found);
  throw wrong(`found ${extra}, which its forward pass has not`);
}

/**
 * Writes a model with its weights, for `openModelFolder` to open. Files are written one by one, each
 * whole or not at all, and what makes a folder of them comes last.
 *
 * @throws {UserError} where the folder has a model; the model has a part or a gate that is not run from
 * a folder; a weight is missing, left over or of another shape; the layout asked for does not fit.
 *
 * @example A mixture with attention experts, written and read back
 * ```ts
 * import {
 *   branchAttendMix,
 *   memoryFiles,
 *   modelPreset,
 *   newWeights,
 *   openModelFolder,
 *   readWeightedModel,
 *   writeWeightedModel,
 * } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const { moe: _, ...tiny } = modelPreset("tiny");
 * const model = {
 *   ...tiny,
 *   layers: 1,
 *   block: "parallel",
 *   norm: { ...tiny.norm, perLayer: 1 },
 *   ffn: { width: 8, activation: "swiglu", bias: false },
 * } as const;
 * const domains = [1, 2].map((seed) => newWeights(model, { seed }));
 * const mixed = branchAttendMix(domains, { kv: "expert", seed: 1 });
 *
 * const files = memoryFiles();
 * const { layout } = await writeWeightedModel("mixed", mixed, { files });
 * assertEquals(layout, "moelab");
 * const folder = await openModelFolder("mixed", { files });
 * assertEquals((await readWeightedModel(folder)).weights, mixed.weights);
 * folder.close();
 * ```
 */
export async function writeWeightedModel(
  path: string,
  source: WeightedModel,
  options: WriteWeightedOptions = {},
): Promise<WrittenFolder> {
  const { recipe, layout, positions, settings: _, dtype = "F32", ...rest } = options;
  const model = readModel(source.model, `the description of ${source.model.id}`);
  const settings = settingsFor(model, options);
  const tensors = modelTensors(model, settings);
  const weights = weightsFor(tensors, source);
  const config = layout === "moelab"
    ? undefined
    : huggingFaceConfigOf(model, settings, { positions });
  if (layout === "hugging-face" && !config) {
    throw new UserError(
      `Cannot write ${model.id} as Hugging Face keeps models: found no architecture with all its ` +
        "parts, wanted the layout moelab",
    );
  }
  const told = {
    ...{ ...rest, dtype },
    values: ({ name }: ModelTensor) => weights.get(name)!,
  };
  if (config) {
    const architecture = `${config.model_type}`;
    const layouts = layoutsOf(tensors, nameTables[architecture]);
    const json = { ...config, dtype: { F32: "float32", F16: "float16", BF16: "bfloat16" }[dtype] };
    const files = await writeFolder(path, {
      ...{ ...told, layouts, config: { name: "config.json", json } },
    });
    return { layout: "hugging-face", architecture, files };
  }
  const gate = model.moe && recipe && { recipe: recipe.id };
  const json = { format: 1, model, settings, ...gate, ...(positions && { positions }) };
  const layouts = layoutsOf(tensors, ownNames);
  const files = await writeFolder(path, {
    ...{ ...told, layouts, config: { name: ownConfigName, json } },
  });
  return { layout: "moelab", files };
}

/** The gate of an id that a folder says, with as many experts a token as the model has. */
function recipeOf({ recipe: id, model }: ModelFolder): GateRecipe | undefined {
  if (id === undefined) return undefined;
  const recipe = recipeById(id);
  const { select } = recipe;
  if (select.kind !== "top-k" || !model.moe) return recipe;
  return { ...recipe, select: { ...select, k: model.moe.topK } };
}

/**
 * The model of an open folder with all its weights, by the names that a trainer gives them. The host
 * holds them as f32 whole.
 *
 * @throws {UserError} where a tensor has more than 2^31 numbers, or the files have changed.
 */
export async function readWeightedModel(
  folder: ModelFolder,
): Promise<WeightedModel & { recipe?: GateRecipe }> {
  const { model, tensors } = folder;
  const recipe = recipeOf(folder);
  const weights: Record<string, HostWeight> = {};
  for (const { name, shape } of tensors) {
    weights[recipe ? gateName(name) : name] = { shape, data: await readTensor(folder, name) };
  }
  return { model, weights: weights satisfies HostWeights, ...(recipe && { recipe }) };
}
