/**
 * RMoE (arXiv 2204.09636): a dense network stays as the core that all tokens share, and experts learn
 * what is missing beside it. That the core is frozen, that experts are small, and that their down
 * matrices begin at 0, so that nothing is missing at first, is not confirmed.
 *
 * @module
 */
import type { GateRecipe } from "../../gates/recipe.ts";
import { firstValues, modelBeginnings } from "../../nn/parameters.ts";
import { layersOf } from "../../spec/layers.ts";
import { checkAlike, fillModel, madeModel, type WeightedModel } from "./model_weights.ts";
import { denseSpec, plainMoe } from "./networks.ts";

/** Whether a weight is of the core: what a training freezes. */
export const isCore = (name: string): boolean => /\.ffn\.(up|down)$/.test(name);

/**
 * The dense model with residual experts, `width` units each, beside its networks. It begins as the dense
 * model, whatever the gate.
 *
 * @throws {UserError} where the model is not dense.
 */
export function residualExperts(
  source: WeightedModel,
  options: { experts: number; topK: number; width: number; seed: number; recipe?: GateRecipe },
): WeightedModel {
  const { experts, topK, width, seed, recipe } = options;
  checkAlike([source]);
  const { model } = source;
  const ffn = denseSpec(model, "add residual experts to");
  const target = madeModel(model, "residual", {
    moe: { ...plainMoe({ ...ffn, width, experts, topK }), denseBeside: ffn },
  });
  const beginnings = modelBeginnings(target);
  const made = layersOf(target).flatMap(({ index }) => {
    const [up, down] = ["up", "down"].map((name) => `layers.${index}.moe.${name}`);
    const zeros = beginnings[down].shape.reduce((a, b) => a * b, 1);
    return [
      [up, firstValues(beginnings[up], { seed, name: up })],
      [down, new Float32Array(zeros)],
    ] as const;
  });
  return fillModel(target, { from: [source], made: Object.fromEntries(made), seed, recipe });
}
