/**
 * A released model that runs: weights on the device, a cache of what it has read, and logits for what
 * comes next.
 *
 * A pass appends its tokens to the cache. Its attention adds up in the order of the keys, wherever the
 * pass begins, and products in the order of their inner size: logits do not depend on how a text was
 * cut into passes, to the bit.
 *
 * The pass over one token is recorded once without a device to plan its memory; from then on steps
 * allocate nothing.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import {
  createPool,
  createRecorder,
  type Device,
  planStep,
  type Pool,
  type Recorder,
  type Tensor,
} from "../../kernels/mod.ts";
import { modelTensors } from "../checkpoints/model_tensors.ts";
import type { Model } from "../spec/model.ts";
import { angleTable } from "./angles.ts";
import { createCache, type LayerCache } from "./cache.ts";
import { type PassLeft, recordPass } from "./forward.ts";
import { checkInference } from "./inference_check.ts";
import { inferenceKernels } from "./kernels.ts";
import type { Inference, InferenceOptions, ReadOptions } from "./options.ts";
import { ownedFrom } from "./owned.ts";
import { passTensors, readPass, type ReadResult, resultsJoined } from "./read_back.ts";
import type { Running } from "./running.ts";
import { checkStorage } from "./storage.ts";
import { loadWeights } from "./weights.ts";

function checkSizes({ maxTokens, passTokens = 1, model }: InferenceOptions): void {
  for (const [name, size] of Object.entries({ maxTokens, passTokens })) {
    if (Number.isInteger(size) && size >= 1) continue;
    throw new UserError(`Cannot run ${model.id}: found ${size} as ${name}, wanted 1 or more`);
  }
}

function checkIds(
  ids: ArrayLike<number>,
  options: { model: Model; past: number; maxTokens: number },
): void {
  const { model: { id: name, embedding: { vocab } }, past, maxTokens } = options;
  const strange = Array.from(ids).find((id) => !Number.isInteger(id) || id < 0 || id >= vocab);
  if (ids.length === 0 || strange !== undefined) {
    throw new UserError(
      `Cannot read tokens with ${name}: found ${strange ?? "none"}, wanted whole numbers from 0 ` +
        `to ${vocab - 1}`,
    );
  }
  if (past + ids.length > maxTokens) {
    throw new UserError(
      `Cannot read ${ids.length} tokens after ${past} with ${name}: the cache has room for ` +
        `${maxTokens} in all`,
    );
  }
}

/** A pass over some tokens, in memory that it gives back. */
type Pass = (
  ids: Uint32Array<ArrayBuffer>,
  options: ReadOptions & { past: number; wants: boolean },
) => Promise<ReadResult>;

function passOf(pool: Pool, given: { running: Running; cache: readonly LayerCache[] }): Pass {
  return async (ids, { logits, routes = false, past, wants }) => {
    const held: Tensor[] = [pool.upload("ids", [ids.length], ids)];
    const some = logits !== "all" && wants;
    if (some) held.push(pool.upload("last", [1], Uint32Array.of(ids.length - 1)));
    const recorder = createRecorder(pool);
    const [tokens, wanted] = held;
    const left = recordPass(recorder, { ...given, past, ids: tokens, wanted, logits: wants });
    recorder.submit();
    const result = await readPass(pool.device, left, { routes });
    pool.release(...held, ...passTensors(left));
    return result;
  };
}

/** A pass over one token, in planned memory. */
function plannedStep(
  pool: Pool,
  given: { running: Running; cache: readonly LayerCache[] },
): { step: Pass; close: () => void } {
  const { device } = pool;
  const id = pool.tensor("id", [1], { dtype: "u32" });
  const record = (recorder: Recorder, past: number): PassLeft =>
    recordPass(recorder, { ...given, past, ids: id });
  const planned = planStep(device, (recorder) => record(recorder, 0));
  return {
    async step(ids, { past, routes = false }) {
      pool.write(id, ids);
      planned.restart();
      const recorder = createRecorder(planned);
      const left = record(recorder, past);
      recorder.submit();
      return await readPass(device, left, { routes });
    },
    close() {
      planned.trim();
      pool.release(id);
    },
  };
}

/** What of a model stays on the device, in a pool that is given back as a whole. */
async function setUp(pool: Pool, options: InferenceOptions) {
  const { model, settings, maxTokens: tokens, storage = "f32", tableRows: partRows } = options;
  const tensors = modelTensors(model, settings);
  const weights = await loadWeights(pool, tensors, { source: options.weights, storage, partRows });
  const angles = angleTable(pool, settings.rope, tokens);
  const cache = createCache(pool, model, { kind: options.cache ?? "heads", tokens });
  return { running: { model, settings, weights, angles }, cache };
}

/**
 * Puts a model on the device.
 *
 * @throws {UserError} where the model or its settings have a part that is not run, the device has not
 * the storage, or weights or cache do not fit it.
 *
 * @example From a folder as Hugging Face keeps models (here one in memory, of zeros)
 * ```ts
 * import {
 *   createInference,
 *   memoryFiles,
 *   openModelFolder,
 *   weightsOfFolder,
 *   writeModelFolder,
 * } from "@moelab/moelab/core";
 * import { openDevice } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const config = {
 *   ...{ model_type: "llama", num_hidden_layers: 1, hidden_size: 16, vocab_size: 24 },
 *   ...{ num_attention_heads: 2, intermediate_size: 12, tie_word_embeddings: true },
 * };
 * const files = memoryFiles();
 * const zeros = ({ shape }: { shape: readonly number[] }) =>
 *   new Float32Array(shape.reduce((a, b) => a * b));
 * await writeModelFolder("zeros", { config, files, values: zeros });
 *
 * const device = await openDevice();
 * const folder = await openModelFolder("zeros", { files });
 * const { model, settings } = folder;
 * const weights = weightsOfFolder(folder);
 * const inference = await createInference(device, { model, settings, weights, maxTokens: 8 });
 * folder.close();
 * const logits = await inference.prefill([1, 2, 3]);
 * inference.close();
 * device.close();
 * assertEquals(logits, new Float32Array(24));
 * ```
 */
export async function createInference(
  device: Device,
  options: InferenceOptions,
): Promise<Inference> {
  const { model, settings, maxTokens, storage = "f32", passTokens = 512, kernels } = options;
  checkInference(model, settings);
  checkStorage(device, storage);
  checkSizes(options);
  const pool = createPool(device);
  const passes = createPool(device);
  const owned = ownedFrom(pool);
  const giveBack = () => {
    owned.release();
    pool.trim();
  };
  const { running, cache } = await setUp(owned.pool, options).catch((error) => {
    giveBack();
    throw error;
  });
  const chosen = kernels ? { prefill: kernels, step: kernels } : inferenceKernels(device);
  const given = (kernels: Running["kernels"]) => ({ running: { ...running, kernels }, cache });
  const pass = passOf(passes, given(chosen.prefill));
  // Keys and values that are made anew of all tokens take more room with each.
  const one = model.attention.kind === "mla" && options.cache === "latent"
    ? { step: passOf(passes, given(chosen.step)), close: () => {} }
    : plannedStep(pool, given(chosen.step));
  let past = 0;

  async function read(tokens: ArrayLike<number>, told: ReadOptions = {}): Promise<ReadResult> {
    checkIds(tokens, { model, past, maxTokens });
    const ids = Uint32Array.from(tokens);
    const results: ReadResult[] = [];
    for (let first = 0; first < ids.length; first += passTokens) {
      const some = ids.slice(first, first + passTokens);
      const wants = told.logits === "all" || first + passTokens >= ids.length;
      const over = some.length === 1 ? one.step : pass;
      results.push(await over(some, { ...told, past, wants }));
      past += some.length;
    }
    // Buffers are handed out again for their very size: those of a text's length rarely are.
    if (ids.length > 1) passes.trim();
    return resultsJoined(results);
  }

  return {
    ...{ model, settings, maxTokens },
    get length() {
      return past;
    },
    read,
    prefill: async (ids) => (await read(ids)).logits,
    step: async (id) => (await read([id])).logits,
    rewind(length) {
      if (!Number.isInteger(length) || length < 0 || length > past) {
        throw new RangeError(`Cannot rewind to ${length} tokens: found ${past} in the cache`);
      }
      past = length;
    },
    bytes: () => ({ state: pool.bytes(), passes: passes.bytes() }),
    close() {
      one.close();
      passes.trim();
      giveBack();
    },
  };
}
