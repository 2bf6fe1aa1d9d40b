/**
 * OneS (arXiv 2201.10890): what the experts of a layer know is gathered in one dense network, which is
 * then distilled. Four ways, the survey (arXiv 2407.06204, section 4.4.2) names them:
 *
 *     sum        W = sum_i W_i
 *     average    W = 1 / E sum_i W_i
 *     top-k      the F / E units of each expert with the largest weights, side by side
 *     svd        W = sum_i of the nearest matrices to W_i of a lower rank
 *
 * That a unit's size is the product of the lengths of what it reads and writes, and that the rank is a
 * matrix's full one divided by E, is not confirmed.
 *
 * @module
 */
import { weightedMean } from "./mean.ts";
import { checkAlike, fillModel, madeModel, type WeightedModel } from "./model_weights.ts";
import {
  denseOf,
  densifiedSpec,
  expertsAt,
  joined,
  type Network,
  sparseLayers,
  unitsOf,
} from "./networks.ts";
import { ofRank } from "./svd.ts";
import { unitSizes } from "./unit_groups.ts";

/** How experts are gathered. */
export type Gathering =
  | { kind: "sum" | "average" | "top-k" }
  /** `rank` of each expert's matrices; their full rank divided by the experts where absent. */
  | { kind: "svd"; rank?: number };

/** Sums of the networks' weights, each divided by `by`. */
function added(networks: readonly Network[], by: number): Network {
  const sum = (of: (one: Network) => Float32Array) =>
    weightedMean(networks.map(of)).map((w) => w * networks.length / by);
  return { ...networks[0], up: sum(({ up }) => up), down: sum(({ down }) => down) };
}

function largestUnits(networks: readonly Network[]): Network {
  const [{ units }] = networks;
  const experts = networks.length;
  return joined(networks.map((one, e) => {
    const sizes = unitSizes(one);
    const count = Math.floor(units / experts) + (e < units % experts ? 1 : 0);
    const order = sizes.map((_, i) => i).sort((a, b) => sizes[b] - sizes[a] || a - b);
    return unitsOf(one, order.slice(0, count).sort((a, b) => a - b));
  }));
}

function lowRank(one: Network, rank: number): Network {
  const { planes, width, units } = one;
  const up = new Float32Array(one.up.length);
  for (let plane = 0; plane < planes; plane++) {
    const at = plane * width * units;
    const part = one.up.subarray(at, at + width * units);
    up.set(ofRank(part, { rows: width, columns: units, rank }), at);
  }
  const down = Float32Array.from(ofRank(one.down, { rows: units, columns: width, rank }));
  return { ...one, up, down };
}

/** One network of several. */
export function gathered(networks: readonly Network[], by: Gathering): Network {
  const [{ width, units }] = networks;
  switch (by.kind) {
    case "sum":
      return added(networks, 1);
    case "average":
      return added(networks, networks.length);
    case "top-k":
      return largestUnits(networks);
    case "svd": {
      const rank = by.rank ?? Math.max(1, Math.floor(Math.min(width, units) / networks.length));
      return added(networks.map((one) => lowRank(one, rank)), 1);
    }
  }
}

/**
 * A dense model, as wide as one expert, of a model with experts.
 *
 * Of experts that are all alike the average is each of them; the other ways are not.
 *
 * @throws {UserError} where the model has no experts, parts beside them, or other dense layers of
 * another width.
 *
 * @example
 * ```ts
 * import { gatherExperts, modelPreset, newWeights, upcycle } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const { moe: _, ...tiny } = modelPreset("tiny");
 * const model = { ...tiny, layers: 1, ffn: { width: 8, activation: "swiglu", bias: false } } as const;
 * const dense = newWeights(model, { seed: 1 });
 * const sparse = upcycle(dense, { experts: 4, topK: 2, seed: 1 });
 * const { weights } = gatherExperts(sparse, { kind: "average" });
 * const up = (of: typeof weights) => of["layers.0.ffn.up"].data[3];
 * assertAlmostEquals(up(weights), up(dense.weights), 1e-6);
 * ```
 */
export function gatherExperts(source: WeightedModel, by: Gathering): WeightedModel {
  return denseFrom(source, { by: "gathered", of: (_, networks) => gathered(networks, by) });
}

/** A dense model whose networks in layers with experts are made of them. */
export function denseFrom(
  source: WeightedModel,
  options: { by: string; of: (layer: number, networks: Network[]) => Network },
): WeightedModel {
  const { by, of } = options;
  checkAlike([source]);
  const { model } = source;
  const layers = sparseLayers(model);
  const ffn = densifiedSpec(model, "gather the experts of");
  const target = madeModel(model, by, { moe: undefined, ffn });
  const made = layers.map((layer) =>
    denseOf(layer.index, of(layer.index, expertsAt(source, layer)))
  );
  return fillModel(target, { from: [source], made: Object.assign({}, ...made), seed: 0 });
}
