/** Small descriptions, and batches that there is something to learn of. */
import { readModel } from "../../../core/spec/schema.ts";
import type { Model } from "../../../core/spec/model.ts";
import { split } from "../../../kernels/base/random.ts";

const base = {
  ...{ id: "small", name: "small", layers: 2, dModel: 24, norm: {} },
  attention: { kind: "gqa", heads: 4, kvHeads: 2, headDim: 8 },
  ffn: { width: 20, activation: "swiglu" },
  embedding: { vocab: 29, tied: true },
};

const sources = (value: Record<string, unknown>) =>
  Object.fromEntries(
    Object.keys(value).filter((key) => !["id", "name", "year", "sources"].includes(key))
      .map((key) => [key, { from: "assumed", cite: "a test" }]),
  );

/** A small model with some fields changed. */
export function smallModel(changes: Record<string, unknown> = {}): Model {
  const json = { ...base, ...changes };
  return readModel({ ...json, sources: sources(json) }, "small.json");
}

/** The same with experts in every layer. */
export const smallMoe = (changes: Record<string, unknown> = {}): Model =>
  smallModel({
    moe: { experts: 4, topK: 2, width: 12, activation: "swiglu" },
    ...changes,
  });

/** Words that repeat: the next one can be learned. */
export function smallBatch(sequences: number, length: number) {
  const stream = split(4, "words");
  const word = Array.from({ length: 8 }, () => stream.int(0, 28));
  const tokens = sequences * length;
  const text = Uint32Array.from({ length: tokens + 1 }, (_, i) => word[i % word.length]);
  const tags = Uint32Array.from({ length: tokens }, (_, t) => Math.floor(t / length) % 2);
  return { ids: text.slice(0, tokens), targets: text.slice(1), tags };
}
