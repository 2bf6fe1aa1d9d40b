/**
 * Sparse upcycling (arXiv 2212.05055): some dense networks become mixtures whose experts are copies of
 * them; all else is copied, and the router is new.
 *
 * In Drop-Upcycling (arXiv 2502.19261) a share of each expert's hidden units begins anew, other units in
 * each, with the mean and the deviation of the matrix that they are of: experts can then become
 * different from each other. That rule and its share are not confirmed.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { split, type Stream } from "../../../kernels/base/random.ts";
import type { GateRecipe } from "../../gates/recipe.ts";
import { layersOf } from "../../spec/layers.ts";
import { checkAlike, fillModel, madeModel, type WeightedModel } from "./model_weights.ts";
import { bankOf, denseSpec, type Network, networkAt, plainMoe } from "./networks.ts";
import { inRandomOrder } from "./unit_groups.ts";

/** How a dense model is upcycled. */
export interface UpcycleOptions {
  /** Experts of a layer. */
  experts: number;
  /** Experts a token. */
  topK: number;
  /** Seed of routers and of what begins anew. */
  seed: number;
  /** The gate; the description's own router, whose weights sum to 1, where absent. */
  recipe?: GateRecipe;
  /** Layers that become mixtures; all where absent. The work takes half of them. */
  layers?: number[];
  /** Share of each expert's units that begins anew; 0 where absent (Drop-Upcycling: 0.5). */
  renewed?: number;
}

/** Mean and deviation of numbers. */
function spreadOf(x: Float32Array): { mean: number; deviation: number } {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const square = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
  return { mean, deviation: Math.sqrt(square) };
}

/** The network with some units begun anew. */
export function renewUnits(
  network: Network,
  { share, stream }: { share: number; stream: Stream },
): Network {
  const { planes, width, units } = network;
  const [up, down] = [network.up.slice(), network.down.slice()];
  const chosen = inRandomOrder(units, stream).slice(0, Math.round(share * units));
  for (let plane = 0; plane < planes; plane++) {
    const at = plane * width * units;
    const { mean, deviation } = spreadOf(network.up.subarray(at, at + width * units));
    for (let row = 0; row < width; row++) {
      for (const unit of chosen) up[at + row * units + unit] = mean + deviation * stream.normal();
    }
  }
  const { mean, deviation } = spreadOf(network.down);
  for (const unit of chosen) {
    for (let i = 0; i < width; i++) down[unit * width + i] = mean + deviation * stream.normal();
  }
  return { ...network, up, down };
}

/**
 * A mixture of copies of a dense model's networks.
 *
 * With weights that sum to 1 it begins as the dense model, whatever the router; not where units begin
 * anew.
 *
 * @throws {UserError} where the model is not dense, or its weights are not its own.
 *
 * @example
 * ```ts
 * import { modelPreset, newWeights, upcycle } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const { moe: _, ...tiny } = modelPreset("tiny");
 * const model = { ...tiny, layers: 1, ffn: { width: 8, activation: "swiglu", bias: false } } as const;
 * const { weights } = upcycle(newWeights(model, { seed: 1 }), { experts: 4, topK: 2, seed: 1 });
 * assertEquals(weights["layers.0.moe.down"].shape, [4, 8, tiny.dModel]);
 * ```
 */
export function upcycle(source: WeightedModel, options: UpcycleOptions): WeightedModel {
  const { experts, topK, seed, recipe, layers, renewed = 0 } = options;
  checkAlike([source]);
  const { model } = source;
  const ffn = denseSpec(model, "upcycle");
  if (!(renewed >= 0 && renewed <= 1)) {
    throw new UserError(`Cannot begin a share of ${renewed} anew: wanted 0 to 1`);
  }
  const target = madeModel(model, renewed > 0 ? "drop-upcycled" : "upcycled", {
    moe: plainMoe({ ...ffn, experts, topK, layers }),
  });
  const made = layersOf(target).filter((layer) => layer.experts > 0).map(({ index }) => {
    const network = networkAt(source, index);
    const copies = Array.from({ length: experts }, (_, e) =>
      renewed > 0
        ? renewUnits(network, {
          ...{ share: renewed, stream: split(seed, `schemes/renew/${index}/${e}`) },
        })
        : network);
    return bankOf(index, copies);
  });
  return fillModel(target, { from: [source], made: Object.assign({}, ...made), seed, recipe });
}
