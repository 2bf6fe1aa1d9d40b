/**
 * A training step as operators: forward, backward and update.
 *
 * @module
 */
import { type AnyOp, op } from "../../kernels/base/op.ts";
import { lowerModelBackward } from "./lower_backward.ts";
import { lowerModel, type LowerModelOptions } from "./lower_model.ts";
import { lowerUpdate } from "./lower_update.ts";
import type { Model } from "./model.ts";

/** The phases of a training step, in the order in which they run. */
export type TrainingPhase = "forward" | "backward" | "update";

/** The ops of a training step, by phase and in the order in which they run. */
export type TrainingOps = Readonly<Record<TrainingPhase, AnyOp[]>>;

/** A forward pass that ends in the loss and keeps what the gradients need. */
function lowerForward(model: Model, tokens: number, options: LowerModelOptions): AnyOp[] {
  const { dtype = "f32" } = options;
  const { dModel: d, embedding: { vocab: v }, encoderLayers } = model;
  const stacks = encoderLayers > 0 ? 2 : 1;
  const named = (name: string) => ({ dtype, name });
  const look = () => op("embedding", { t: tokens, d, v }, named("embedding"));
  return [
    ...Array.from({ length: stacks }, look),
    ...lowerModel(model, tokens, { ...options, keep: true }).slice(stacks, -1),
    // The output layer lies as [V, D], as the token table does.
    op("gemm_nt", { m: tokens, n: v, k: d }, named("logits")),
    op("cross_entropy", { t: tokens, v }, named("cross-entropy")),
  ];
}

/**
 * The ops of one training step of a model over `tokens` tokens on one device: forward pass and loss,
 * backward pass, gradient norm and AdamW. Nothing is computed twice to save memory. `rows` are the
 * tokens of each expert in every layer, `layerRows` those of each layer.
 *
 * Ops come in the order in which `createTrainer` launches them and are named as its launches are:
 * queries, keys and values are products of their own, and a residual is added by the product or the
 * combination that ends its branch.
 *
 * @example
 * ```ts
 * import { lowerTrainingStep, modelPreset } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const step = lowerTrainingStep(modelPreset("tiny"), 128, { sequence: 64 });
 * assertEquals(Object.keys(step), ["forward", "backward", "update"]);
 * assertEquals(step.forward.at(-1)?.kind, "cross_entropy");
 * assertEquals(step.backward.at(-1)?.name, "embedding backward");
 * ```
 */
export function lowerTrainingStep(
  model: Model,
  tokens: number,
  options: LowerModelOptions = {},
): TrainingOps {
  return {
    forward: lowerForward(model, tokens, options),
    backward: lowerModelBackward(model, tokens, options),
    update: lowerUpdate(model, options),
  };
}
