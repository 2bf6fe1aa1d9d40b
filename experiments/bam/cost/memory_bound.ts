/**
 * What decoding one text reads from memory for a token, at the work's sizes: the weights that the token
 * meets and the keys and values before it. Where memory is what limits, time follows these bytes.
 *
 * @module
 */
import type { Model } from "../../../core/spec/model.ts";
import { headCounts } from "../../../core/nn/attention_experts.ts";
import { headShape } from "../../../core/spec/mixer_counts.ts";
import { parameters } from "../../../core/spec/params.ts";

/** Bytes of a number in 16 bits. */
const BYTES = 2;

/** Bytes that a token adds to the cache, all layers and attention experts together. */
export function cacheBytes(model: Model): number {
  const { attention, layers } = model;
  const { dqk, dv } = headShape(attention);
  const kvHeads = attention.kind === "mla" ? attention.heads : headCounts(attention).kvHeads;
  return layers * kvHeads * (dqk + dv) * BYTES;
}

/** Bytes read for a token with so many before it: of the input table it looks up one row. */
export function readBytes(model: Model, { past }: { past: number }): number {
  const { embedding: { vocab, tied }, dModel } = model;
  const table = tied ? 0 : vocab * dModel;
  return BYTES * (parameters(model).active - table) + past * cacheBytes(model);
}
