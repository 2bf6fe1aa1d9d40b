/**
 * Text that a model goes on with, token by token.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { split } from "../../kernels/mod.ts";
import type { Inference } from "./options.ts";
import { checkSampling, sampleToken, type SamplingOptions } from "./sample.ts";

/** What a generation is told. */
export interface GenerateOptions extends SamplingOptions {
  /** New tokens at most. */
  maxTokens: number;
  /** Seed of what is drawn; 0 where absent. */
  seed?: number;
  /** Tokens that end the text; those of the model where absent. */
  ends?: readonly number[];
  /** Ends the generation before the next token: it then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Shown each new token, in order, as soon as it is there. */
  onToken?: (id: number, index: number) => void;
}

/** A text that a model went on with. */
export interface Generated {
  /** The new tokens, the one that ends the text among them. */
  ids: number[];
  /** Why there are no more: a token that ends it, `maxTokens`, or no more room in the cache. */
  ended: "end" | "length" | "room";
}

/**
 * Reads `ids` from an empty cache and goes on. Same seed, same tokens.
 *
 * @throws {UserError} where an option is none, or the text does not fit the cache.
 *
 * @example A small model with random weights goes on with two tokens
 * ```ts
 * import {
 *   createInference,
 *   generate,
 *   modelPreset,
 *   modelTensors,
 *   weightsInMemory,
 * } from "@moelab/moelab/core";
 * import { normals, openDevice, split } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await openDevice();
 * const model = { ...modelPreset("tiny"), layers: 1 };
 * const settings = {
 *   normEps: 1e-6,
 *   rope: { theta: 10000, dim: 32, pairs: "halves" },
 *   attentionScale: 1 / Math.sqrt(32),
 *   router: { score: "softmax", normalised: false, scale: 1, groupScore: "best" },
 *   ends: [],
 * } as const;
 * const tensors = Object.fromEntries(modelTensors(model, settings).map(({ name, shape }) => {
 *   const size = shape.reduce((a, b) => a * b);
 *   return [name, { data: normals(split(1, name), size, 0.1) }];
 * }));
 * const weights = weightsInMemory(tensors);
 * const inference = await createInference(device, { model, settings, weights, maxTokens: 16 });
 * const { ids, ended } = await generate(inference, [72, 101], { maxTokens: 4 });
 * inference.close();
 * device.close();
 * assertEquals([ids.length, ended], [4, "length"]);
 * ```
 */
export async function generate(
  inference: Inference,
  ids: ArrayLike<number>,
  options: GenerateOptions,
): Promise<Generated> {
  const { maxTokens, seed = 0, ends = inference.settings.ends, signal, onToken } = options;
  if (!Number.isInteger(maxTokens) || maxTokens < 1) {
    throw new UserError(
      `Cannot generate with ${inference.model.id}: found ${maxTokens} as maxTokens, wanted 1 or more`,
    );
  }
  checkSampling(options);
  const stream = split(seed, "generate");
  signal?.throwIfAborted();
  inference.rewind(0);
  let logits = await inference.prefill(ids);
  const made: number[] = [];
  while (true) {
    signal?.throwIfAborted();
    const id = sampleToken(logits, { ...options, stream });
    made.push(id);
    onToken?.(id, made.length - 1);
    if (ends.includes(id)) return { ids: made, ended: "end" };
    if (made.length === maxTokens) return { ids: made, ended: "length" };
    if (inference.length === inference.maxTokens) return { ids: made, ended: "room" };
    logits = await inference.step(id);
  }
}
