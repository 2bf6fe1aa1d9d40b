/**
 * A checkpoint's folder, opened by its headers, and put on a device once all is known to fit.
 *
 * @module
 */
import {
  createInference,
  type Inference,
  type InferenceStorage,
  inferenceStorages,
  type ModelFolder,
  openModelFolder,
  weightsOfFolder,
} from "../../core/mod.ts";
import { unknownName, UserError } from "../../kernels/base/errors.ts";
import type { Device } from "../../kernels/mod.ts";
import { checkRoom, type MemoryWords } from "./memory.ts";
import { readTokens } from "./tokenizer.ts";
import type { TextTokens } from "./tokens.ts";

/** An opened checkpoint: nothing of it lies on a device. */
export interface OpenedCheckpoint {
  /** Its folder. */
  folder: ModelFolder;
  /** How it reads text. */
  tokens: TextTokens;
}

/**
 * The storage of a word.
 *
 * @throws {UserError} for another word.
 */
export function parseStorage(word: string): InferenceStorage {
  const found = inferenceStorages.find((storage) => storage === word);
  if (!found) throw unknownName("storage of weights", word, [...inferenceStorages]);
  return found;
}

/**
 * Opens a folder with a model and its tokenizer.
 *
 * @throws {UserError} in a line for a folder that is missing or has no model that is run.
 */
export async function openCheckpointFolder(path: string): Promise<OpenedCheckpoint> {
  const found = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (!found?.isDirectory) {
    throw new UserError(
      `Cannot read ${path}: found ${found ? "a file" : "nothing there"}, wanted the folder of a ` +
        "model with its config.json",
    );
  }
  const folder = await openModelFolder(path);
  try {
    const { vocab } = folder.model.embedding;
    return { folder, tokens: await readTokens(path, { vocabulary: vocab }) };
  } catch (error) {
    folder.close();
    throw error;
  }
}

/**
 * Refuses texts that are longer than the model's positions go.
 *
 * @throws {UserError} with both lengths.
 */
export function checkLength({ config, model, positions }: ModelFolder, tokens: number): void {
  if (positions === undefined || tokens <= positions) return;
  const field = "model_type" in config ? "max_position_embeddings" : "positions";
  throw new UserError(
    `Cannot run ${model.id} over ${tokens} tokens: found ${positions} as ${field}`,
  );
}

/**
 * Puts a checkpoint on a device.
 *
 * @throws {UserError} where it does not fit.
 */
export async function runCheckpoint(
  device: Device,
  { folder }: OpenedCheckpoint,
  options: MemoryWords & { room?: number },
): Promise<Inference> {
  const { model, settings } = folder;
  checkLength(folder, options.maxTokens);
  checkRoom(device, { model, settings }, options);
  const { storage, maxTokens } = options;
  return await createInference(device, {
    ...{ model, settings, storage, maxTokens },
    weights: weightsOfFolder(folder),
  });
}
