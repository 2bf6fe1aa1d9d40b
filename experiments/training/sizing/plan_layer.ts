/**
 * The layer that a recipe makes, counted: its gate, its networks and how it uses them.
 *
 * @module
 */
import type { GateShape } from "../../../core/gates/gate.ts";
import { gateOf } from "../../../core/gates/pipeline.ts";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { expertRanges } from "../../../core/gates/zero_experts.ts";
import type { LayerPlan } from "./layer_size.ts";
import { usageOf } from "./usage.ts";

/** Parameters of a gate, and the FLOP of its matrices for a token: tables are looked up. */
function gateSize(recipe: GateRecipe, shape: GateShape): { parameters: number; flops: number } {
  const sizes = Object.values(gateOf(recipe).parameters(shape)).map((
    { shape: [rows, columns] },
  ) => ({
    parameters: rows * columns,
    flops: rows === shape.vocabulary ? 0 : 2 * rows * columns,
  }));
  return {
    parameters: sizes.reduce((sum, one) => sum + one.parameters, 0),
    // A gate for each tag has one of them at work.
    flops: sizes.reduce((sum, one) => sum + one.flops, 0) /
      (recipe.score.kind === "by-tag" ? shape.tags : 1),
  };
}

/** What {@linkcode layerFlopsOf} and {@linkcode layerParameters} count of a recipe's layer. */
export function planLayer(recipe: GateRecipe, shape: GateShape): LayerPlan {
  const { parameters, flops } = gateSize(recipe, shape);
  return {
    dModel: shape.dModel,
    networks: expertRanges(recipe, shape.experts).networks,
    shared: recipe.shared ?? 0,
    usage: usageOf(recipe, shape),
    gateParameters: parameters,
    gateFlops: flops,
  };
}
