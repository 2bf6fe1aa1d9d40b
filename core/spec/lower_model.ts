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
export interface LowerLayerOptions extends Omit<LowerOptions, "residual"> {
  /** Tokens of a sequence; all tokens are one sequence by default. */
  sequence?: number;
}

/** What a lowering of models may be told. */
export interface LowerModelOptions extends LowerLayerOptions {
  /** Tokens of each expert by layer, where layers differ; `rows` for those left out. */
  layerRows?: readonly (readonly number[] | undefined)[];
}

/** The options of one layer of a model. */
export function layerOptions(
  { index }: ModelLayer,
  { layerRows, ...options }: LowerModelOptions,
): LowerLayerOptions {
  const rows = layerRows?.[index] ?? options.rows;
  return { ...options, ...(rows && { rows }) };
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
    ...(beside ? dense(beside, "dense") : []),
    ...lowerMoeLayer(moeLayerShape(model, layer.index), tokens, options),
  ];
}

/** Where the norms of a layer stand, by name: before its mixers, and before its networks. */
export function normNames(model: Model, layer: ModelLayer): { mixer: string[]; network: string[] } {
  const { perLayer } = model.norm;
  const list = (n: number, name: string) => new Array<string>(Math.max(0, n)).fill(name);
  const network = `${layer.network === "experts" ? "moe" : "ffn"} norm`;
  const first = Math.ceil(perLayer / 2);
  return {
    mixer: list(first + (layer.crossAttention ? 1 : 0), "attention norm"),
    network: list(perLayer - first, network),
  };
}

/**
 * The ops of one layer's forward pass over `tokens` tokens: norms, attention or Mamba, and the
 * dense network or the experts, in the order in which they run. The last product of a branch adds
 * the residual, or the combination of experts does; only where a norm follows the branch is that a
 * pass of its own.
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
  const { dModel: d } = model;
  const at: MixerContext = { dModel: d, tokens, sequence, dtype };
  const names = normNames(model, layer);
  const norms = (list: string[]) =>
    list.map((name) => op("norm", { t: tokens, d }, { dtype, name }));
  const after = model.norm.perLayer > 2;
  const sum = after ? [lowerSum(model, tokens, dtype)] : [];
  return [
    ...norms(names.mixer),
    ...lowerMixers(model, layer, at),
    ...sum,
    ...norms(names.network),
    ...lowerNetworks(model, layer, tokens, { ...options, dtype, residual: !after }),
    ...sum,
  ];
}

/** A sum with the residual behind a norm. */
const lowerSum = ({ dModel: d }: Model, tokens: number, dtype: DType) =>
  op("elementwise", { n: tokens * d, reads: 2 }, { dtype, name: "residual sum" });

/**
 * The ops of a model's forward pass over `tokens` tokens, the token table and output layer
 * included. `rows` are the tokens of each expert in every layer, `layerRows` those of each layer.
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
  options: LowerModelOptions = {},
): AnyOp[] {
  checkModelLowers(model);
  const { dtype = "f32" } = options;
  const { dModel: d, embedding, encoderLayers, norm } = model;
  const stacks = encoderLayers > 0 ? 2 : 1;
  const each = <T>(make: () => T) => Array.from({ length: stacks }, make);
  const look = () => op("elementwise", { n: tokens * d, reads: 1 }, { dtype, name: "embedding" });
  const final = () => op("norm", { t: tokens, d }, { dtype, name: "last norm" });
  return [
    ...each(look),
    ...layersOf(model).flatMap((layer) =>
      lowerLayer(model, layer, tokens, layerOptions(layer, options))
    ),
    ...(norm.final ? each(final) : []),
    op("gemm", { m: tokens, n: embedding.vocab, k: d }, { dtype, name: "logits" }),
  ];
}
