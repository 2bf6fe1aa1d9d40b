/**
 * The gradients of whole layers and of whole models as operators: one backward pass.
 *
 * Residuals cost nothing of their own: the gradient of a sum is handed on, and is added where the
 * gradient of the norm before it is written. Nor do several products that read one tensor: each adds
 * its part of the gradient to what is there. The pointwise passes of a Mamba layer, its scan among
 * them, are taken to cost twice what they cost forwards; no kernel here runs them.
 *
 * @module
 */
import { type AnyOp, op } from "../../kernels/base/op.ts";
import { layersOf, type ModelLayer } from "./layers.ts";
import type { LowerOptions } from "./lower.ts";
import { lowerMixers, type MixerContext } from "./lower_attention.ts";
import { gradientsOf, lowerFfnBackward } from "./lower_gradients.ts";
import {
  layerOptions,
  type LowerLayerOptions,
  type LowerModelOptions,
  moeLayerShape,
  normNames,
} from "./lower_model.ts";
import { lowerMoeLayerBackward } from "./lower_moe_backward.ts";
import { checkLayerLowers, checkModelLowers } from "./lower_refusals.ts";
import type { FfnSpec, Model } from "./model.ts";

/** The sum of two gradients of model width. */
const lowerSum = ({ dModel: d, tokens, dtype }: MixerContext) =>
  op("elementwise", { n: tokens * d, reads: 2 }, { dtype, name: "add gradients" });

function lowerMixersBackward(model: Model, layer: ModelLayer, at: MixerContext): AnyOp[] {
  const forward = lowerMixers(model, layer, at).toReversed();
  if (layer.mixer === "mamba") {
    return forward.flatMap((one) => one.kind === "elementwise" ? [one, one] : gradientsOf([one]));
  }
  // Side by side with its own norm, the network has left a gradient of the residual.
  const there = model.block === "parallel" && model.norm.perLayer !== 1;
  return forward.flatMap((one) => [
    ...gradientsOf([one]),
    ...(there && one.name === "attention out" ? [lowerSum(at)] : []),
  ]);
}

function lowerNetworksBackward(
  model: Model,
  layer: ModelLayer,
  tokens: number,
  options: LowerOptions,
): AnyOp[] {
  const { dModel } = model;
  const { dtype = "f32" } = options;
  const dense = (ffn: FfnSpec, name: string) =>
    lowerFfnBackward({ ...ffn, dModel }, tokens, { dtype, name });
  if (layer.network === "dense") return dense(model.ffn!, "dense");
  const beside = model.moe!.denseBeside;
  return [
    ...lowerMoeLayerBackward(moeLayerShape(model, layer.index), tokens, options),
    ...(beside
      ? [
        ...dense(beside, "dense"),
        op("elementwise", { n: tokens * dModel, reads: 2 }, { dtype, name: "add gradients" }),
      ]
      : []),
  ];
}

/**
 * The ops of one layer's backward pass over `tokens` tokens: of the networks or experts, of the norm
 * before them, of attention or Mamba, and of the norm before that. In a parallel block the gradients
 * of both branches are added, and go through one norm where they share it.
 *
 * @throws {UserError} where the layer has a part that no kernel runs.
 */
export function lowerLayerBackward(
  model: Model,
  layer: ModelLayer,
  tokens: number,
  options: LowerLayerOptions = {},
): AnyOp[] {
  checkLayerLowers(model, layer);
  const { sequence = tokens, dtype = "f32" } = options;
  const { dModel: d } = model;
  const at: MixerContext = { dModel: d, tokens, sequence, dtype };
  const parallel = model.block === "parallel";
  const names = normNames(model, layer);
  // The first norm of a branch gets what came through the residual beside it.
  const norms = (list: string[], adds: 0 | 1) =>
    list.map((name, i) =>
      op("norm_backward", { t: tokens, d, adds: i === 0 ? adds : 0 }, {
        dtype,
        name: `${name} backward`,
      })
    ).toReversed();
  return [
    ...lowerNetworksBackward(model, layer, tokens, { ...options, dtype }),
    ...norms(names.network, parallel ? 0 : 1),
    ...lowerMixersBackward(model, layer, at),
    ...norms(names.mixer, 1),
  ];
}

/**
 * The ops of a model's backward pass over `tokens` tokens, from the gradient of the loss by the
 * logits to that of the token table. `rows` are the tokens of
 * each expert in every layer, `layerRows` those of each layer.
 *
 * @throws {UserError} where the model has a part that no kernel runs.
 *
 * @example
 * ```ts
 * import { lowerModel, lowerModelBackward, modelPreset } from "@moelab/moelab/core";
 * import { flops, productKinds } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const model = modelPreset("olmoe");
 * const products = (ops: ReturnType<typeof lowerModel>) =>
 *   ops.filter((op) => productKinds.includes(op.kind)).reduce((sum, op) => sum + flops(op), 0);
 * assertEquals(products(lowerModelBackward(model, 512)), 2 * products(lowerModel(model, 512)));
 * ```
 */
export function lowerModelBackward(
  model: Model,
  tokens: number,
  options: LowerModelOptions = {},
): AnyOp[] {
  checkModelLowers(model);
  const { dtype = "f32" } = options;
  const { dModel: d, embedding: { vocab: v, tied }, encoderLayers, norm } = model;
  const stacks = encoderLayers > 0 ? 2 : 1;
  const finals = norm.final ? stacks : 0;
  // The output layer lies as [V, D], whether it is the token table or not.
  const dx = op("gemm", { m: tokens, n: d, k: v });
  const dw = op("gemm_tn", { m: v, n: d, k: tokens });
  const final = op("norm_backward", { t: tokens, d, adds: 0 }, { name: "last norm backward" });
  const table = (_: unknown, i: number) =>
    op("embedding_backward", { t: tokens, d, v, adds: tied || i > 0 ? 1 : 0 }, {
      name: "embedding backward",
    });
  const typed = (ops: AnyOp[]) => ops.map((one) => ({ ...one, dtype }));
  return [
    ...typed([
      op("cross_entropy_backward", { t: tokens, v }, { name: "cross-entropy backward" }),
      { ...dx, name: "head dx" },
      { ...dw, name: "head dw" },
      ...Array.from({ length: finals }, () => final),
    ]),
    ...layersOf(model).toReversed().flatMap((layer) =>
      lowerLayerBackward(model, layer, tokens, layerOptions(layer, options))
    ),
    ...typed(Array.from({ length: stacks }, table)),
  ];
}
