/**
 * Branch-Train-Merge (arXiv 2208.03306): language models of one seed, each trained on a domain of its
 * own, become one by the weighted mean of their parameters, or serve together: their predictions are
 * mixed by how well each foretold the text so far. That the weights are a posterior of the domain, with
 * DEMix's priors, is not confirmed.
 *
 * @module
 */
import type { DecodingSpec } from "../../gates/recipe.ts";
import type { SpecOf } from "../../gates/shorthand.ts";
import type { BatchEvaluation } from "../evaluate_step.ts";
import { posteriorLosses } from "../objectives/posterior.ts";
import type { TrainerBatch } from "../trainer_batch.ts";
import { weightedMean } from "./mean.ts";
import { checkAlike, type HostWeight, madeModel, type WeightedModel } from "./model_weights.ts";

/**
 * One model whose weights are the mean of several models', weighed by `shares`, all alike where absent.
 *
 * @throws {UserError} where the models differ in a size, or lack a weight.
 *
 * @example
 * ```ts
 * import { branchTrainMerge, modelPreset, newWeights } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const { moe: _, ...tiny } = modelPreset("tiny");
 * const model = { ...tiny, layers: 1, ffn: { width: 8, activation: "swiglu", bias: false } } as const;
 * const [a, b] = [1, 2].map((seed) => newWeights(model, { seed }));
 * const { weights } = branchTrainMerge([a, b], { shares: [3, 1] });
 * const at = (of: typeof a) => of.weights.embedding.data[5];
 * assertAlmostEquals(weights.embedding.data[5], 0.75 * at(a) + 0.25 * at(b), 1e-6);
 * ```
 */
export function branchTrainMerge(
  sources: readonly WeightedModel[],
  options: { shares?: readonly number[] } = {},
): WeightedModel {
  checkAlike(sources);
  const [{ model, weights }] = sources;
  const merged = Object.entries(weights).map(([name, { shape }]): [string, HostWeight] => {
    const parts = sources.map((source) => source.weights[name].data);
    return [name, { shape, data: weightedMean(parts, options.shares) }];
  });
  return { model: madeModel(model, "merged", {}), weights: Object.fromEntries(merged) };
}

/** A model that foretells a batch. */
export interface Foretelling {
  /** The loss of each token. */
  evaluate(batch: TrainerBatch): Promise<Pick<BatchEvaluation, "losses_T">>;
}

/** Losses [T] of a batch under several models that serve together; a wait for each model. */
export async function ensembleLosses(
  models: readonly Foretelling[],
  batch: TrainerBatch,
  options: Omit<SpecOf<DecodingSpec, "posterior">, "kind"> & { length: number },
): Promise<Float64Array> {
  const losses_GT: Float32Array[] = [];
  for (const model of models) losses_GT.push((await model.evaluate(batch)).losses_T);
  return posteriorLosses(losses_GT, { kind: "posterior", ...options });
}
