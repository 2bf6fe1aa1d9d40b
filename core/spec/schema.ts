/**
 * The zod schema of a model description: every field, its default and its limits.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "../../kernels/base/config.ts";
import { layersOf, placedLayers } from "./layers.ts";
import type { Model } from "./model.ts";

const count = z.int().min(0);
const size = z.int().min(1);
const no = z.boolean().default(false);

/** An error that says what was wanted and what was found. */
const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) =>
    `expected ${what} but found ${JSON.stringify(issue.input) ?? "nothing"}`,
});

/** The same for a union by "kind". */
const kinds = (...names: string[]) => wanted(`an object whose kind is one of ${names.join(", ")}`);

const heads = {
  heads: size,
  headDim: size,
  qkvBias: no,
  outBias: no,
  qkNorm: z.enum(["none", "head", "width"]).default("none"),
};

const attention = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("mha"), ...heads }),
  z.strictObject({ kind: z.literal("gqa"), ...heads, kvHeads: size }),
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
  }),
], kinds("mha", "gqa", "mla", "experts"));

const mamba = z.strictObject({
  stateSize: size,
  convWidth: size,
  expand: size,
  dtRank: size,
  innerNorms: no,
  attentionEvery: size,
  attentionOffset: count.default(0),
});

const ffn = {
  width: size,
  activation: z.enum(["relu", "gelu", "geglu", "swiglu"]),
  bias: no,
};

const placement = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("every"), step: size, offset: count.default(0) }),
  z.strictObject({ kind: z.literal("after"), first: count }),
  z.strictObject({ kind: z.literal("list"), layers: z.array(count).min(1) }),
  z.strictObject({
    kind: z.literal("pyramid"),
    groups: z.array(z.strictObject({ layers: z.array(count).min(1), experts: size })).min(1),
  }),
], kinds("every", "after", "list", "pyramid"));

const moe = z.strictObject({
  ...ffn,
  experts: size,
  topK: size,
  shared: z.strictObject({ count: size, width: size }).optional(),
  sharedGate: no,
  router: z.strictObject({
    kind: z.enum(["linear", "mlp", "attention"]).default("linear"),
    bias: no,
  }).prefault({}),
  placement: placement.prefault({ kind: "every", step: 1 }),
  denseBeside: z.strictObject(ffn).optional(),
});

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
  ffn: z.strictObject(ffn).optional(),
  moe: moe.optional(),
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

/** Sizes that are each in range and still do not fit together. */
function contradictions(model: Model): { path: PropertyKey[]; message: string }[] {
  const { attention: a, mamba, moe } = model;
  const found: { path: PropertyKey[]; message: string }[] = [];
  const want = (holds: boolean, path: PropertyKey[], message: string) => {
    if (!holds) found.push({ path, message });
  };
  if (a.kind === "gqa" || a.kind === "experts") {
    want(
      a.heads % a.kvHeads === 0,
      ["attention", "kvHeads"],
      `expected a divisor of the ${a.heads} heads but found ${a.kvHeads}`,
    );
  }
  if (mamba) {
    want(
      mamba.attentionOffset < mamba.attentionEvery,
      ["mamba", "attentionOffset"],
      `expected less than ${mamba.attentionEvery} but found ${mamba.attentionOffset}`,
    );
  }
  const layers = layersOf(model);
  if (moe) {
    const fewest = Math.min(...layers.filter((l) => l.experts > 0).map((l) => l.experts));
    const depth = layers.length;
    const path = ["moe", "placement"];
    want(Number.isFinite(fewest), path, "expected a layer with experts but found none");
    want(
      moe.topK <= fewest,
      ["moe", "topK"],
      `expected at most the ${fewest} experts of a layer but found ${moe.topK}`,
    );
    const named = placedLayers(moe.placement);
    const outside = named.filter((l) => l >= depth);
    want(
      outside.length === 0,
      path,
      `expected layers below ${depth} but found ${outside.join(", ")}`,
    );
    want(new Set(named).size === named.length, path, "expected each layer once");
  }
  const dense = layers.find((l) => l.experts === 0);
  want(
    dense === undefined || model.ffn !== undefined,
    ["ffn"],
    `expected object but found nothing, and layer ${dense?.index} has no experts`,
  );
  return found;
}

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
