/**
 * The update of a model's parameters as operators.
 *
 * @module
 */
import { type AnyOp, type DType, op } from "../../kernels/base/op.ts";
import { layersOf } from "./layers.ts";
import type { Model } from "./model.ts";
import { layerParts, outerParts, type PartCounts } from "./params.ts";

/** Parameters that are updated together: a part of a layer, or a part outside the layers. */
function groupsOf(model: Model): { name: string; n: number }[] {
  const named = (parts: PartCounts, where: string) =>
    Object.entries(parts).map(([part, { total }]) => ({ name: `${where}${part}`, n: total }));
  return [
    ...named(outerParts(model), ""),
    ...layersOf(model).flatMap((layer) => named(layerParts(model, layer), `${layer.index}/`)),
  ].filter(({ n }) => n > 0);
}

/**
 * The ops that update a model once its gradients are there: the norm of all gradients together, that
 * they are clipped by, and an AdamW step of every parameter, experts without tokens included.
 *
 * Parameters of one part of a layer are taken together, as where they lie one behind the other.
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
  const groups = groupsOf(model);
  return [
    ...groups.map(({ name, n }) => op("reduce", { n }, { dtype, name: `squares of ${name}` })),
    op("reduce", { n: groups.length }, { name: "gradient norm" }),
    ...groups.map(({ name, n }) => op("adamw", { n }, { dtype, name: `update of ${name}` })),
  ];
}
