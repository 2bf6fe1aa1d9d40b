/**
 * The zod schema of a model description: every field, its default and its limits.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "../../kernels/base/config.ts";
import { contradictions } from "./contradictions.ts";
import type { Model } from "./model.ts";
import { ffn, moe } from "./schema_experts.ts";
import { attention, linear, mamba, mamba2 } from "./schema_mixers.ts";
import { count, kinds, no, size, wanted } from "./schema_words.ts";

const embedding = z.strictObject({
  vocab: size,
  tied: z.boolean(),
  positions: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.enum(["rope", "sinusoidal", "none"]) }),
    z.strictObject({ kind: z.literal("learned"), length: size }),
    z.strictObject({ kind: z.literal("relative"), buckets: size }),
  ], kinds("rope", "sinusoidal", "none", "learned", "relative")).prefault({ kind: "rope" }),
});

const norm = z.strictObject({
  kind: z.enum(["rmsnorm", "layernorm"]).default("rmsnorm"),
  bias: no,
  perLayer: count.default(2),
  final: z.boolean().default(true),
});

const printed = z.string().regex(/^\d+(\.\d+)?[KMBT]?$/, wanted("a count such as 46.7B"))
  .optional();

const shape = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, wanted("lower case words with hyphens")),
  name: z.string().min(1),
  year: z.int().min(1990).max(2100).optional(),
  reference: z.strictObject({
    arxiv: z.string().regex(/^\d{4}\.\d{4,5}$/, wanted("an arXiv id such as 2401.04088"))
      .optional(),
    title: z.string().optional(),
  }).optional(),
  rumour: no,
  convention: z.enum(["all", "no-lookup", "paper"]).default("all"),
  layers: size,
  encoderLayers: count.default(0),
  dModel: size,
  block: z.enum(["serial", "parallel"]).default("serial"),
  attention,
  mamba: mamba.optional(),
  mamba2: mamba2.optional(),
  linear: linear.optional(),
  blocks: z.string().regex(/^[ME*-]+$/, wanted("letters M, *, E and -")).optional(),
  ffn: ffn.optional(),
  moe: moe.optional(),
  mtp: z.strictObject({ modules: size }).optional(),
  embedding,
  norm: norm.prefault({}),
  published: z.strictObject({
    total: printed,
    active: printed,
    source: z.string().min(1),
    mismatch: z.string().optional(),
  }).optional(),
  sources: z.record(
    z.string(),
    z.strictObject({ from: z.enum(["paper", "config", "assumed"]), cite: z.string().min(1) }),
  ).default({}),
  notes: z.array(z.string()).default([]),
});

/** The schema of a model description. */
export const modelSchema: Schema<Model> = shape.superRefine((model, context) => {
  for (const { path, message } of contradictions(model)) {
    context.addIssue({ code: "custom", path, message });
  }
});

/**
 * Reads a model description, or throws a UserError that names the field, the value found and the
 * value wanted.
 *
 * @example
 * ```ts
 * import { readModel } from "@moelab/moelab/core";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => readModel({ id: "mine" }, "mine.json"), TypeError, "at /name expected string");
 * ```
 */
export function readModel(json: unknown, source: string): Model {
  return parseConfig(modelSchema, json, source);
}
