/**
 * Compression of a model with experts (He et al., arXiv 2406.02500): every expert is made smaller
 * (Expert Slimming), or parts are left out (Expert Trimming: experts, see {@linkcode pruneExperts}, or
 * whole blocks, those that change their input least).
 *
 * That weights are chosen by their size, and what "least" is measured by, is not confirmed.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { layersOf } from "../../spec/layers.ts";
import { isExpert } from "./branch_train_mix.ts";
import { checkAlike, type HostWeight, madeModel, type WeightedModel } from "./model_weights.ts";
import { sparseSpec } from "./networks.ts";

/** The matrix with its smallest weights, a share of all, set to 0. */
function slimmed(data: Float32Array, share: number): Float32Array {
  const order = Array.from(data, (_, i) => i)
    .sort((a, b) => Math.abs(data[a]) - Math.abs(data[b]) || a - b);
  const made = data.slice();
  for (const i of order.slice(0, Math.round(share * data.length))) made[i] = 0;
  return made;
}

/**
 * The model with a share of each expert's weights, the smallest of each of its two tensors, at 0.
 *
 * @throws {UserError} where the model has no experts, or the share is none from 0 up to 1.
 */
export function slimExperts(
  source: WeightedModel,
  { share }: { share: number },
): WeightedModel {
  checkAlike([source]);
  const { experts } = sparseSpec(source.model, "slim the experts of");
  if (!(share >= 0 && share < 1)) {
    throw new UserError(
      `Cannot set a share of ${share} of weights to 0: wanted 0 or more, below 1`,
    );
  }
  const weights = Object.entries(source.weights).map(([name, one]): [string, HostWeight] => {
    if (!isExpert(name)) return [name, one];
    const size = one.data.length / experts;
    const data = new Float32Array(one.data.length);
    for (let e = 0; e < experts; e++) {
      data.set(slimmed(one.data.subarray(e * size, (e + 1) * size), share), e * size);
    }
    return [name, { shape: one.shape, data }];
  });
  return { model: madeModel(source.model, "slimmed", {}), weights: Object.fromEntries(weights) };
}

/**
 * The model without some of its blocks, those whose output is nearest to their input.
 *
 * @param options `drop` so many; `similarities` of the input and the output of each block.
 * @throws {UserError} where there is not a similarity a block, none would be left, or blocks with experts
 * are not placed evenly.
 *
 * @example
 * ```ts
 * import { dropBlocks, modelPreset, newWeights } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const source = newWeights({ ...modelPreset("tiny"), layers: 3 }, { seed: 1 });
 * const { model, weights } = dropBlocks(source, { drop: 1, similarities: [0.2, 0.9, 0.5] });
 * assertEquals(model.layers, 2);
 * assertEquals(weights["layers.1.moe.up"], source.weights["layers.2.moe.up"]);
 * ```
 */
export function dropBlocks(
  source: WeightedModel,
  options: { drop: number; similarities: readonly number[] },
): WeightedModel {
  const { drop, similarities } = options;
  checkAlike([source]);
  const { model, weights } = source;
  const wrong = (found: string, wanted: string) =>
    new UserError(`Cannot drop blocks of ${model.id}: found ${found}, wanted ${wanted}`);
  if (similarities.length !== model.layers) {
    throw wrong(`${similarities.length} similarities`, `${model.layers}, one a block`);
  }
  if (!(Number.isInteger(drop) && drop >= 0 && drop < model.layers)) {
    throw wrong(`${drop} to be dropped`, `0 to ${model.layers - 1}`);
  }
  const kinds = new Set(layersOf(model).map(({ network, experts }) => `${network} ${experts}`));
  if (kinds.size > 1) throw wrong("blocks of several kinds", "all alike");
  const order = similarities.map((_, i) => i)
    .sort((a, b) => similarities[a] - similarities[b] || a - b);
  const kept = order.slice(0, model.layers - drop).sort((a, b) => a - b);
  const made = Object.entries(weights).flatMap(([name, one]) => {
    const [, layer, rest] = /^layers\.(\d+)\.(.*)$/.exec(name) ?? [];
    if (layer === undefined) return [[name, one] as const];
    const at = kept.indexOf(Number(layer));
    return at < 0 ? [] : [[`layers.${at}.${rest}`, one] as const];
  });
  const target = madeModel(model, "shortened", { layers: kept.length });
  return { model: target, weights: Object.fromEntries(made) };
}
