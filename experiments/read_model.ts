/**
 * Models that a user names.
 *
 * @module
 */
import { type Model, modelPreset, presetIds, readModel } from "../core/spec/mod.ts";
import { readJsonFile } from "./read_json.ts";

/** Whether a word is the path of a file: it has a slash or ends in ".json". */
export function isPath(word: string): boolean {
  return /[/\\]|\.json$/.test(word);
}

/** The model of a preset's id or of a file: a word with a slash or ".json" is a path. */
export async function readModelOf(word: string): Promise<Model> {
  if (presetIds.includes(word) || !isPath(word)) return modelPreset(word);
  return readModel(await readJsonFile(word), word);
}
