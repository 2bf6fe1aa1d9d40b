/**
 * What an inference is made of, and what it offers.
 *
 * @module
 */
import type { KernelChoice, ShelfBytes } from "../../kernels/mod.ts";
import type { RunSettings } from "../checkpoints/run_settings.ts";
import type { Model } from "../spec/model.ts";
import type { CacheKind } from "./cache.ts";
import type { ReadResult } from "./read_back.ts";
import type { InferenceStorage } from "./storage.ts";
import type { WeightSource } from "./weight_source.ts";

/** What an inference is made of. */
export interface InferenceOptions {
  /** The description. */
  model: Model;
  /** Constants of its forward pass. */
  settings: RunSettings;
  /** Where its weights come from. */
  weights: WeightSource;
  /** Tokens that the cache has room for. */
  maxTokens: number;
  /** What the weights of products are stored as; "f32" where absent. */
  storage?: InferenceStorage;
  /** What latent attention keeps of a token; "heads" where absent. */
  cache?: CacheKind;
  /** Tokens of one pass at most: longer texts are cut; 512 where absent. */
  passTokens?: number;
  /** Rows of a part of the tables of tokens; as many as the device binds where absent. */
  tableRows?: number;
  /** Kernel variants of all passes; those of `inferenceKernels` where absent. */
  kernels?: KernelChoice;
}

/** What is wanted of the tokens that are read. */
export interface ReadOptions {
  /** Logits of all its tokens, or of the last alone; the last where absent. */
  logits?: "last" | "all";
  /** Whether the routers' choices are read too; "logits": and what the routers made them of. */
  routes?: boolean | "logits";
}

/** A model that runs. One pass at a time: each is awaited before the next begins. */
export interface Inference {
  /** The description. */
  readonly model: Model;
  /** Constants of the forward pass. */
  readonly settings: RunSettings;
  /** Tokens that the cache has room for. */
  readonly maxTokens: number;
  /** Tokens in the cache. */
  readonly length: number;
  /**
   * Reads tokens after those in the cache.
   *
   * @throws {UserError} where a token is none of the vocabulary, or the cache has no room.
   */
  read(ids: ArrayLike<number>, options?: ReadOptions): Promise<ReadResult>;
  /** Reads tokens and gives the logits [V] of the last. */
  prefill(ids: ArrayLike<number>): Promise<Float32Array>;
  /** Reads one token and gives its logits [V]. */
  step(id: number): Promise<Float32Array>;
  /** Forgets all but the first `length` tokens. */
  rewind(length: number): void;
  /** Memory of weights and cache, and of passes; see {@linkcode ShelfBytes}. */
  bytes(): { state: ShelfBytes; passes: ShelfBytes };
  /** Gives all memory back. */
  close(): void;
}
