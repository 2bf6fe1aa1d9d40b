/**
 * Whole layers and whole models as operators: one forward pass.
 *
 * @module
 */
import { type AnyOp, type DType, op } from "../../kernels/base/op.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { layersOf, type ModelLayer } from "./layers.ts";
import { lowerFfn, lowerMoeLayer, type LowerOptions, type MoeLayerShape } from "./lower.ts";
import { lowerMixers, type MixerContext } from "./lower_attention.ts";
import { checkExpertsLower, checkLayerLowers, checkModelLowers } from "./lower_refusals.ts";
import type { FfnSpec, Model } from "./model.ts";

/** What a lowering of layers may be told. */
export interface LowerLayerOptions extends LowerOptions {
  /** Tokens of a sequence; all tokens are one sequence by default. */
  sequence?: number;
}

/** The layer with an index, or throws a UserError that says how many there are. */
function layerAt(model: Model, index: number): ModelLayer {
  const layers = layersOf(model);
  const layer = layers[index];
  if (layer) return layer;
  throw new UserError(
    `Cannot take layer ${index} of ${model.id}: expected an index below ${layers.length}`,
  );
}

/**
 * Sizes of a model's mixture-of-experts layer: of the layer named, or of the first that has
 * experts.
 *
 * @throws {UserError} where there is none, or its experts are none that a kernel runs.
 *
 * @example
 * ```ts
 * import { modelPreset, moeLayerShape } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const { experts, topK, sharedWidth } = moeLayerShape(modelPreset("deepseek-v3"));
 * assertEquals([experts, topK, sharedWidth], [256, 8, 2048]);
 * ```
 */
export function moeLayerShape(model: Model, layerIndex?: number): MoeLayerShape {
  const { moe } = model;
  const layer = layerIndex === undefined
    ? layersOf(model).find((l) => l.experts > 0)
    : layerAt(model, layerIndex);
  if (!moe || !layer || layer.experts === 0) {
    throw new UserError(
      `Cannot take the experts of ${model.id}${
        layerIndex === undefined ? "" : ` at layer ${layerIndex}`
      }: expected a layer with experts but found a dense one`,
    );
  }
  checkExpertsLower(model);
  const { limit } = moe.router;
  return {
    dModel: model.dModel,
    dExpert: moe.width,
    experts: layer.experts,
    topK: moe.topK,
    sharedExperts: moe.shared?.count ?? 0,
    sharedWidth: moe.shared ? moe.shared.count * moe.shared.width : 0,
    activation: moe.activation,
    sharedGate: moe.sharedGate,
    router: moe.router.kind,
    ...(limit && { groupLimit: limit }),
  };
}

function lowerNetworks(
  model: Model,
  layer: ModelLayer,
  tokens: number,
  options: LowerOptions,
): AnyOp[] {
  const dense = (ffn: FfnSpec, name: string) =>
    lowerFfn({ ...ffn, dModel: model.dModel }, tokens, {
      dtype: options.dtype,
      keep: options.keep,
      name,
    });
  if (layer.network === "dense") return dense(model.ffn!, "dense");
  const beside = model.moe!.denseBeside;
  return [
    ...(beside ? dense(beside, "dense beside experts") : []),
    ...lowerMoeLayer(moeLayerShape(model, layer.index), tokens, options),
  ];
}

/**
 * The ops of one layer's forward pass over `tokens` tokens: norms, attention or Mamba, and the
 * dense network or the experts.
 *
 * @throws {UserError} where the layer has a part that no kernel runs.
 */
export function lowerLayer(
  model: Model,
  layer: ModelLayer,
  tokens: number,
  options: LowerLayerOptions = {},
): AnyOp[] {
  checkLayerLowers(model, layer);
  const { sequence = tokens, dtype = "f32" } = options;
  const { dModel: d, norm } = model;
  const at: MixerContext = { dModel: d, tokens, sequence, dtype };
  const norms = norm.perLayer + (layer.crossAttention ? 1 : 0);
  const sums = (model.block === "parallel" ? 1 : 2) + (layer.crossAttention ? 1 : 0);
  const named = { dtype, name: "layer norm" };
  return [
    ...Array.from({ length: norms }, () => op("norm", { t: tokens, d }, named)),
    ...lowerMixers(model, layer, at),
    ...lowerNetworks(model, layer, tokens, { ...options, dtype }),
    ...Array.from({ length: sums }, () => lowerSum(model, tokens, dtype)),
  ];
}

/** The sum with the residual: of one branch, or of both in a parallel block. */
const lowerSum = ({ block, dModel: d }: Model, tokens: number, dtype: DType) =>
  op("elementwise", { n: tokens * d, reads: block === "parallel" ? 3 : 2 }, {
    dtype,
    name: "residual sum",
  });

/**
 * The ops of a model's forward pass over `tokens` tokens, the token table and output layer
 * included. `rows` are the tokens of each expert, in every layer alike.
 *
 * @throws {UserError} where the model has a part that no kernel runs.
 *
 * @example
 * ```ts
 * import { flopsPerToken, lowerModel, modelPreset } from "@moelab/moelab/core";
 * import { flops } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const model = modelPreset("olmoe");
 * const counted = ["gemm", "gemm_swiglu", "grouped_gemm", "grouped_gemm_swiglu", "attention"];
 * const sum = lowerModel(model, 512, { sequence: 256 })
 *   .filter((op) => counted.includes(op.kind))
 *   .reduce((s, op) => s + flops(op), 0);
 * assertEquals(sum, 512 * flopsPerToken(model, { sequence: 256 }).total);
 * ```
 */
export function lowerModel(
  model: Model,
  tokens: number,
  options: LowerLayerOptions = {},
): AnyOp[] {
  checkModelLowers(model);
  const { dtype = "f32" } = options;
  const { dModel: d, embedding, encoderLayers, norm } = model;
  const stacks = encoderLayers > 0 ? 2 : 1;
  const each = <T>(make: () => T) => Array.from({ length: stacks }, make);
  const look = () => op("elementwise", { n: tokens * d, reads: 1 }, { dtype, name: "token table" });
  const final = () => op("norm", { t: tokens, d }, { dtype, name: "final norm" });
  return [
    ...each(look),
    ...layersOf(model).flatMap((layer) => lowerLayer(model, layer, tokens, options)),
    ...(norm.final ? each(final) : []),
    op("gemm", { m: tokens, n: embedding.vocab, k: d }, { dtype, name: "output layer" }),
  ];
}
