/**
 * The update of a model's parameters as operators.
 *
 * @module
 */
import { type AnyOp, type DType, op } from "../../kernels/base/op.ts";
import type { Model } from "./model.ts";
import { modelWeights } from "./weights.ts";

/**
 * The ops that update a model once its gradients are there: the norm of all gradients together, that
 * they are clipped by, and an AdamW step of every parameter, experts without tokens included.
 *
 * Each weight has an op of its own. Parts whose shapes `modelWeights` does not know are one.
 *
 * @example
 * ```ts
 * import { lowerUpdate, modelPreset, parameters } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const model = modelPreset("mixtral-8x7b");
 * const updated = lowerUpdate(model)
 *   .reduce((sum, op) => sum + (op.kind === "adamw" ? op.dims.n : 0), 0);
 * assertEquals(updated, parameters(model).total);
 * ```
 */
export function lowerUpdate(model: Model, options: { dtype?: DType } = {}): AnyOp[] {
  const { dtype = "f32" } = options;
  const weights = modelWeights(model).map(({ name, shape }) => ({
    name,
    n: shape.reduce((a, b) => a * b, 1),
  }));
  const n = weights.reduce((sum, weight) => sum + weight.n, 0);
  return [
    op("reduce", { n, tensors: weights.length }, { dtype, name: "gradient norm" }),
    ...weights.map(({ name, n }) => op("adamw", { n }, { dtype, name: `update of ${name}` })),
  ];
}
