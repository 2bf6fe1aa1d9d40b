/**
 * The schemas of what mixes the tokens of a layer.
 *
 * @module
 */
import { z } from "zod";
import { count, kinds, no, size } from "./schema_words.ts";

const heads = {
  heads: size,
  headDim: size,
  qkvBias: no,
  outBias: no,
  qkNorm: z.enum(["none", "head", "width"]).default("none"),
  outputGate: no,
  sinks: no,
};

const window = z.strictObject({
  size,
  fullEvery: size,
  fullOffset: count.default(0),
}).optional();

/** Softmax attention. */
export const attention = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("mha"), ...heads, window }),
  z.strictObject({ kind: z.literal("gqa"), ...heads, kvHeads: size, window }),
  z.strictObject({
    kind: z.literal("mla"),
    heads: size,
    qRank: count,
    kvRank: size,
    nopeDim: size,
    ropeDim: count,
    valueDim: size,
  }),
  z.strictObject({
    kind: z.literal("experts"),
    ...heads,
    kvHeads: size,
    experts: size,
    kv: z.enum(["expert", "shared"]),
    routing: z.strictObject({ topK: size, over: z.enum(["all", "chosen"]).default("all") })
      .optional(),
  }),
], kinds("mha", "gqa", "mla", "experts"));

/** Mamba. */
export const mamba = z.strictObject({
  stateSize: size,
  convWidth: size,
  expand: size,
  dtRank: size,
  innerNorms: no,
  attentionEvery: size,
  attentionOffset: count.default(0),
});

/** Mamba-2. */
export const mamba2 = z.strictObject({
  heads: size,
  headDim: size,
  stateSize: size,
  groups: size,
  convWidth: size,
});

/** Linear attention. */
export const linear = z.strictObject({
  kind: z.enum(["lightning", "gated-delta"]),
  keyHeads: size,
  valueHeads: size,
  keyDim: size,
  valueDim: size,
  convWidth: count.default(0),
  softmaxEvery: size,
  softmaxOffset: count.default(0),
});
