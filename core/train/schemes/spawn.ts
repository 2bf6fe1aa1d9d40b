/**
 * EvoMoE (arXiv 2112.14397): one network is trained first, then diverse experts are spawned of it, and the
 * gate "evomoe" goes from all experts to few as its softmax cools. That experts differ by random masks,
 * which set a share of their weights to 0, is not confirmed.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { split } from "../../../kernels/base/random.ts";
import { isExpert } from "./branch_train_mix.ts";
import type { WeightedModel } from "./model_weights.ts";
import { upcycle, type UpcycleOptions } from "./upcycle.ts";

/**
 * A mixture of copies of a dense model's networks, of each of which a share `masked` of the weights, not
 * the same in any two, is 0.
 *
 * @throws {UserError} where the model is not dense, or the share is none from 0 up to 1.
 */
export function spawnExperts(
  source: WeightedModel,
  options: Omit<UpcycleOptions, "renewed"> & { masked: number },
): WeightedModel {
  const { masked, ...rest } = options;
  if (!(masked >= 0 && masked < 1)) {
    throw new UserError(
      `Cannot mask a share of ${masked} of the weights: wanted 0 or more, below 1`,
    );
  }
  const { model, weights } = upcycle(source, rest);
  const spawned = Object.entries(weights).map(([name, { shape, data }]) => {
    if (!isExpert(name)) return [name, { shape, data }] as const;
    const stream = split(rest.seed, `schemes/mask/${name}`);
    return [name, { shape, data: data.map((w) => stream.uniform() < masked ? 0 : w) }] as const;
  });
  return {
    model: { ...model, id: `${source.model.id}-spawned`, name: `${source.model.name}, spawned` },
    weights: Object.fromEntries(spawned),
  };
}
