/**
 * From the description of a model to the sizes that its costs follow from.
 *
 * @module
 */
import type { Activation } from "../../core/spec/activation.ts";
import { isGated } from "../../core/spec/activation.ts";
import { layersOf } from "../../core/spec/layers.ts";
import { headShape, linearWidths } from "../../core/spec/mixer_counts.ts";
import type { ExpertAttention, LinearSpec, Model, MoeSpec } from "../../core/spec/model.ts";
import { UserError } from "../../kernels/base/errors.ts";
import type { AttentionSizes, LinearSizes, MoeSizes, Sizes } from "./sizes.ts";

/** What may differ from the description. */
export interface SizesOptions {
  /** Modules that predict further tokens; those of the description unless given. */
  mtpLayers?: number;
}

function refuse(model: Model, found: string, wanted: string): UserError {
  return new UserError(`Cannot price a step of ${model.id}: found ${found}, wanted ${wanted}`);
}

function linearOf(l: LinearSpec): LinearSizes {
  const { keys, values } = linearWidths(l);
  const perHead = l.kind === "gated-delta" ? 2 * l.valueHeads : 0;
  return {
    every: l.softmaxEvery,
    heads: l.valueHeads,
    stateDim: l.keyDim,
    headDim: l.valueDim,
    inWidth: 2 * (keys + values) + perHead,
    outWidth: values,
  };
}

/** Every expert is computed, whatever a token makes of it: others read its keys and values. */
function expertAttention(a: ExpertAttention): AttentionSizes {
  const { heads, kvHeads, dqk, dv } = headShape(a);
  const { experts, kv } = a;
  return {
    heads: experts * heads,
    kvHeads: kv === "expert" ? experts * kvHeads : kvHeads,
    ...{ qkDim: dqk, vDim: dv, experts },
  };
}

function attentionOf({ attention: a, linear }: Model): AttentionSizes {
  if (a.kind === "experts") return expertAttention(a);
  const { heads } = a;
  if (a.kind === "mla") {
    const { qRank, kvRank, ropeDim, nopeDim, valueDim } = a;
    const latent = { qRank, kvRank, ropeDim };
    return { heads, kvHeads: heads, qkDim: nopeDim + ropeDim, vDim: valueDim, latent };
  }
  const kvHeads = a.kind === "mha" ? heads : a.kvHeads;
  const sizes = { heads, kvHeads, qkDim: a.headDim, vDim: a.headDim };
  const window = "window" in a ? a.window : undefined;
  return {
    ...sizes,
    ...(window && { window: { size: window.size, every: window.fullEvery } }),
    ...(a.outputGate && { outputGate: true }),
    ...(linear && { linear: linearOf(linear) }),
  };
}

/** What of a model no sizes can say, if anything. */
function foreign({ blocks, encoderLayers, mamba }: Model): string | undefined {
  if (encoderLayers > 0) return "an encoder";
  if (mamba) return "Mamba layers";
  return blocks !== undefined ? "layers of one block each" : undefined;
}

/** `firstDense` and `every` that put experts where the description has them. */
function placementOf(model: Model): Pick<MoeSizes, "firstDense" | "every"> {
  const sparse = layersOf(model).map(({ experts }) => experts > 0);
  const first = sparse.indexOf(true);
  const second = sparse.indexOf(true, first + 1);
  const every = second < 0 ? sparse.length : second - first;
  const firstDense = Math.max(0, first - every + 1);
  const fits = sparse.every((has, i) =>
    has === (i >= firstDense && (i - firstDense) % every === every - 1)
  );
  if (fits) return { firstDense, every };
  throw refuse(
    model,
    `experts in layers ${sparse.flatMap((has, i) => has ? [i] : []).join(", ")}`,
    "one layer in so many after the dense ones",
  );
}

/** A dense network beside the experts costs what a shared expert of its width does. */
function sharedWidth({ shared, denseBeside }: MoeSpec): number {
  return (shared ? shared.count * shared.width : 0) + (denseBeside?.width ?? 0);
}

function moeOf(model: Model): MoeSizes | undefined {
  const { moe } = model;
  if (!moe) return undefined;
  const counts = new Set(layersOf(model).map(({ experts }) => experts).filter((n) => n > 0));
  if (counts.size !== 1) {
    throw refuse(model, `layers of ${[...counts].join(" and ")} experts`, "as many in each");
  }
  const { latent, router: { limit }, topK, width } = moe;
  if (latent) throw refuse(model, "experts in a latent space", "experts of model width");
  const [experts] = counts;
  return {
    experts,
    topK,
    width,
    sharedWidth: sharedWidth(moe),
    ...placementOf(model),
    ...(limit && { domainLimit: limit }),
  };
}

/** Matrices of feed-forward networks, which all have to be gated or not. */
function matricesOf(model: Model): 2 | 3 {
  const { ffn, moe } = model;
  const used = [ffn?.activation, moe?.activation, moe?.denseBeside?.activation]
    .filter((activation): activation is Activation => activation !== undefined);
  const gated = used.filter(isGated).length;
  if (gated === 0 || gated === used.length) return gated === 0 ? 2 : 3;
  throw refuse(model, `the activations ${used.join(" and ")}`, "gated ones alone or none");
}

/**
 * The sizes of a decoder from its description.
 *
 * @throws {UserError} for a model whose steps nothing here prices: encoders, layers with a state,
 * layers of different kinds in no regular order.
 *
 * @example
 * ```ts
 * import { modelPreset } from "@moelab/moelab/core";
 * import { sizesOf } from "@moelab/moelab/sim";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const { attention, moe } = sizesOf(modelPreset("deepseek-v3"));
 * assertEquals(attention.latent?.kvRank, 512);
 * assertEquals([moe?.experts, moe?.topK, moe?.firstDense], [256, 8, 3]);
 * assertThrows(() => sizesOf(modelPreset("jamba")), TypeError, "found Mamba layers");
 * ```
 */
export function sizesOf(model: Model, options: SizesOptions = {}): Sizes {
  const { dModel, embedding, ffn, layers, norm } = model;
  const found = foreign(model);
  if (found !== undefined) throw refuse(model, found, "a decoder of softmax attention layers");
  const moe = moeOf(model);
  return {
    name: model.id,
    layers,
    dModel,
    vocab: embedding.vocab,
    tied: embedding.tied,
    attention: attentionOf(model),
    ffnWidth: ffn?.width ?? 0,
    ffnMatrices: matricesOf(model),
    ...(moe && { moe }),
    mtpLayers: options.mtpLayers ?? model.mtp?.modules ?? 0,
    learnedPositions: embedding.positions.kind === "learned",
    ...(model.block === "parallel" && { parallel: true }),
    norms: { perLayer: norm.perLayer, bias: norm.bias },
  };
}
