/**
 * How many parameters a model has, how many a token uses, and where they are.
 *
 * @module
 */
import { add, always, chosen, type Count } from "./count.ts";
import { ffnCount, normCount, routerCount } from "./counts.ts";
import { layersOf, type ModelLayer } from "./layers.ts";
import { mixerParts } from "./mixer_counts.ts";
import type { CountConvention, Model, MoeSpec } from "./model.ts";
import { assumedFields } from "./sources.ts";

/** Parts of a model, as the keys of `byPart`. */
export type ModelPart =
  | "embedding"
  | "attention"
  | "attentionRouter"
  | "linear"
  | "mamba"
  | "ffn"
  | "experts"
  | "shared"
  | "latent"
  | "router"
  | "norm"
  | "mtp"
  | "head";

/** Counts by part; a part that a model lacks is left out. */
export type PartCounts = Partial<Record<ModelPart, Count>>;

/** Parameters of a model. */
export interface ParameterCounts {
  /** All parameters. */
  total: number;
  /** Parameters that one token uses. */
  active: number;
  /** All parameters, by part. */
  byPart: Record<string, number>;
  /** Parameters that one token uses, by part. */
  activeByPart: Record<string, number>;
  /** Which parameters `active` counts. */
  convention: CountConvention;
  /** The same in words. */
  conventionNote: string;
  /** False where a size rests on an assumption or a rumour. */
  checked: boolean;
}

/** What each convention counts, in words. */
export const countConventions: Readonly<Record<CountConvention, string>> = {
  all: "active: every parameter that a token uses, both vocabulary tables whole",
  "no-lookup":
    "active: every parameter that a token is multiplied with; an input table that is only looked up is left out",
  paper: "active: as BAM's Table 9, both vocabulary tables whole, the attention router left out",
};

function moeParts(model: Model, moe: MoeSpec, experts: number): PartCounts {
  const d = model.dModel;
  const { shared, denseBeside, latent } = moe;
  const gate = moe.sharedGate ? always(d) : always(0);
  const merged = shared && ffnCount({ ...moe, width: shared.width }, d);
  return {
    router: routerCount(moe.router, d, experts),
    experts: chosen(ffnCount(moe, latent ?? d), experts, moe.topK),
    ...(latent && { latent: always(2 * d * latent) }),
    ...(merged && { shared: add(chosen(merged, shared.count, shared.count), gate) }),
    ...(denseBeside && { ffn: ffnCount(denseBeside, d) }),
  };
}

/** Parameters of one layer, by part. */
export function layerParts(model: Model, layer: ModelLayer): PartCounts {
  const { dModel: d, ffn, moe } = model;
  return {
    ...mixerParts(model, layer),
    ...(layer.network === "experts" && moeParts(model, moe!, layer.experts)),
    ...(layer.network === "dense" && { ffn: ffnCount(ffn!, d) }),
    norm: normCount(model, layer),
  };
}

/**
 * Parameters of one module that predicts a further token: a layer like the last, the product that
 * joins two inputs, a norm of each and one of the output.
 */
export function mtpModuleCount(model: Model): Count {
  const { dModel: d, norm } = model;
  const layer = Object.values(layerParts(model, layersOf(model).at(-1)!));
  return add(...layer, always(2 * d * d, 3 * d * (norm.bias ? 2 : 1)));
}

/**
 * Parameters outside the layers, by part: tables, output layer, final norms, and modules that predict
 * further tokens.
 */
export function outerParts(model: Model): PartCounts {
  const { attention, dModel: d, embedding, encoderLayers, norm } = model;
  const { positions, tied, vocab } = embedding;
  const stacks = encoderLayers > 0 ? 2 : 1;
  const table = positions.kind === "learned"
    ? positions.length * d
    : positions.kind === "relative"
    ? stacks * positions.buckets * attention.heads
    : 0;
  const final = norm.final ? stacks * d * (norm.bias ? 2 : 1) : 0;
  const modules = model.mtp?.modules ?? 0;
  return {
    // A tied table is the output layer too: a token is multiplied with it.
    embedding: always(tied ? vocab * d : 0, table + (tied ? 0 : vocab * d)),
    ...(!tied && { head: always(vocab * d) }),
    ...(modules > 0 && { mtp: chosen(mtpModuleCount(model), modules, modules) }),
    norm: always(0, final),
  };
}

/** Parts of a whole model, summed over its layers. */
export function modelParts(model: Model): PartCounts {
  const all: PartCounts = {};
  for (const parts of [outerParts(model), ...layersOf(model).map((l) => layerParts(model, l))]) {
    for (const [part, count] of Object.entries(parts) as [ModelPart, Count][]) {
      all[part] = add(all[part] ?? always(0), count);
    }
  }
  return all;
}

/** What a convention leaves out of the active count. */
function leftOut(model: Model, parts: PartCounts, convention: CountConvention): PartCounts {
  const lookup = model.embedding.tied ? undefined : parts.embedding;
  const left = { all: {}, "no-lookup": { embedding: lookup }, paper: pickRouter(parts) };
  return left[convention];
}

const pickRouter = ({ attentionRouter }: PartCounts): PartCounts => ({ attentionRouter });

/**
 * Counts the parameters of a model from its sizes alone.
 *
 * Padding of the vocabulary is counted as the description has it, and modules that predict further
 * tokens where it has them. The convention of the active count is the model's own, unless `options`
 * says another.
 *
 * @example
 * ```ts
 * import { modelPreset, parameters } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const { total, active } = parameters(modelPreset("mixtral-8x7b"));
 * assertEquals([total, active], [46_702_792_704, 12_879_925_248]);
 * ```
 */
export function parameters(
  model: Model,
  options: { convention?: CountConvention } = {},
): ParameterCounts {
  const { convention = model.convention } = options;
  const parts = modelParts(model);
  const left = leftOut(model, parts, convention);
  const entries = Object.entries(parts) as [ModelPart, Count][];
  const total = Object.fromEntries(entries.map(([part, c]) => [part, c.total]));
  const active = Object.fromEntries(
    entries.map(([part, c]) => [part, c.active - (left[part]?.active ?? 0)]),
  );
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((s, n) => s + n, 0);
  return {
    total: sum(total),
    active: sum(active),
    byPart: total,
    activeByPart: active,
    convention,
    conventionNote: countConventions[convention],
    checked: !model.rumour && assumedFields(model).length === 0,
  };
}
