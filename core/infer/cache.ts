/**
 * What a layer keeps of the tokens that it has seen: keys and values of its heads, or, of latent
 * attention, the vector that both are made of and the key that carries positions (DeepSeek-V2, arXiv
 * 2405.04434, section 2.1).
 *
 * The latent form takes a small part of the room, and makes the keys and values of all tokens anew in
 * each pass. Attention experts with keys and values of their own (BAM, arXiv 2408.08274, section 3) keep
 * those of each side by side: as many times the room of one expert as there are experts.
 *
 * @module
 */
import { type Pool, roundUp, type Tensor } from "../../kernels/mod.ts";
import { headCounts } from "../nn/attention_experts.ts";
import { headShape } from "../spec/mixer_counts.ts";
import type { Model } from "../spec/model.ts";

/** What is kept of each token. */
export type CacheKind = "heads" | "latent";

/** The cache of a layer. */
export interface LayerCache {
  /** What it keeps. */
  kind: CacheKind;
  /** Keys [tokens, heads * width], or latent vectors [tokens, kvRank]. */
  first: Tensor;
  /** Values [tokens, heads * width], or keys with positions [tokens, rope]. */
  second: Tensor;
}

/** Width of a head's queries and keys on the device, where rows are padded to a multiple of 8. */
export const paddedWidth = (width: number): number => roundUp(width, 8);

/**
 * Numbers that a layer keeps of a token: of its first matrix and of its second.
 *
 * @example
 * ```ts
 * import { cacheWidths, modelPreset } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const [keys, values] = cacheWidths(modelPreset("bam-small"), "heads");
 * const [shared] = cacheWidths(modelPreset("bam-small-shared-kv"), "heads");
 * assertEquals([keys / shared, values], [4, keys]);
 * ```
 */
export function cacheWidths(model: Model, kind: CacheKind): readonly [number, number] {
  const { attention } = model;
  if (kind === "latent" && attention.kind === "mla") return [attention.kvRank, attention.ropeDim];
  const { dqk, dv } = headShape(attention);
  const { kvHeads } = attention.kind === "mla" ? headShape(attention) : headCounts(attention);
  return [kvHeads * paddedWidth(dqk), kvHeads * dv];
}

/** Room for so many tokens in each layer. */
export function createCache(
  pool: Pool,
  model: Model,
  options: { kind: CacheKind; tokens: number },
): LayerCache[] {
  const { kind, tokens } = options;
  const [first, second] = cacheWidths(model, kind);
  return Array.from({ length: model.layers }, (_, layer) => ({
    kind,
    first: pool.tensor(`layers.${layer} cache 1`, [tokens, first]),
    second: pool.tensor(`layers.${layer} cache 2`, [tokens, second]),
  }));
}
