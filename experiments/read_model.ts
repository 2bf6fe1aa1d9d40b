/**
 * Models that a user names.
 *
 * @module
 */
import {
  isHuggingFaceConfig,
  type Model,
  modelFromHuggingFace,
  modelPreset,
  presetIds,
  readModel,
} from "../core/spec/mod.ts";
import { readJsonFile } from "./read_json.ts";

/** Whether a word is the path of a file: it has a slash or ends in ".json". */
export function isPath(word: string): boolean {
  return /[/\\]|\.json$/.test(word);
}

/** The id of a model whose file does not say one: the last part of its path that is no "config". */
function idOf(path: string): string {
  const parts = path.replace(/\.json$/, "").split(/[/\\]/).filter((part) =>
    !/^(config|\.*)$/.test(part)
  );
  const word = parts.at(-1)?.toLowerCase().replace(/[^a-z0-9.]+/g, "-").replace(/^-+|-+$/g, "");
  return word || "model";
}

/**
 * The model of a preset's id or of a file: a word with a slash or ".json" is a path. The file is a
 * description, or the config.json of a model as Hugging Face keeps them.
 */
export async function readModelOf(word: string): Promise<Model> {
  if (presetIds.includes(word) || !isPath(word)) return modelPreset(word);
  const json = await readJsonFile(word);
  return isHuggingFaceConfig(json)
    ? modelFromHuggingFace(json, { id: idOf(word) })
    : readModel(json, word);
}
