/**
 * MoEfication (arXiv 2110.01786): the hidden units of a dense network, in groups, are its experts. All
 * experts together, each with weight 1, are the network; the best k come near it where units that are
 * active together are in one group.
 *
 * EMoE (arXiv 2310.10908) scores experts by the mean of what their units read, without training a gate,
 * and turns the experts back into the network after fine-tuning: {@linkcode joinExperts}. SMoE-Dropout
 * (arXiv 2303.01610) chooses by a random gate that is never trained, more experts as training goes on.
 * MoEBERT (arXiv 2204.07675) gives the most important units to all experts and shares out the others.
 * What is not confirmed: that a chosen expert has weight 1, EMoE's mean of the gate matrix's columns,
 * the straight line along which SMoE-Dropout's number grows, and MoEBERT's half of common units and its
 * measure of importance, here the size of a unit's weights.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { split } from "../../../kernels/base/random.ts";
import type { GateRecipe } from "../../gates/recipe.ts";
import { layersOf } from "../../spec/layers.ts";
import { checkAlike, fillModel, madeModel, type WeightedModel } from "./model_weights.ts";
import {
  bankOf,
  denseOf,
  denseSpec,
  expertsAt,
  joined,
  type Network,
  networkAt,
  plainMoe,
  sparseLayers,
  sparseSpec,
  unitsOf,
} from "./networks.ts";
import {
  clusteredUnits,
  coActivations,
  connectedUnits,
  cutEqually,
  importantUnits,
  inRandomOrder,
  type UnitGroups,
} from "./unit_groups.ts";

/** By what hidden units are grouped. */
export type GroupedBy = "neighbours" | "random" | "clusters" | "co-activation" | "importance";

/** How a dense model is cut. */
export interface MoeficationOptions {
  /** Experts of a layer: a divisor of the hidden units. */
  experts: number;
  /** Experts a token. */
  topK: number;
  /** By what units are grouped. */
  by: GroupedBy;
  /** Seed of routers, orders and first clusters. */
  seed: number;
  /** The gate; the best `topK` by a linear score, each with weight 1, where absent. */
  recipe?: GateRecipe;
  /** Activations [T, F] of a layer's hidden units: what "co-activation" counts. */
  activations?: (layer: number) => ArrayLike<number>;
  /** Whether a linear gate begins with the mean of each group's first columns (EMoE). */
  averaged?: boolean;
}

/** The gate by which parts sum to what they are parts of: the best k, each with weight 1. */
export function partsGate(topK: number): GateRecipe {
  return {
    ...{ id: "parts", name: "Parts of a network", arxiv: "2110.01786", section: "4.4.1" },
    idea: "The best parts of a network are added, each with weight 1.",
    ...{ score: { kind: "linear" }, select: { kind: "top-k", k: topK } },
    ...{ weigh: { kind: "equal" }, scale: topK, balance: [], causal: true },
    unverified: { weigh: "each chosen part has weight 1" },
  };
}

/** Share of an expert's units that all experts have, where units are grouped by importance. */
const COMMON = 0.5;

function groupsOf(
  network: Network,
  options: MoeficationOptions & { layer: number },
): UnitGroups {
  const { by, experts: groups, layer, seed, activations } = options;
  const stream = split(seed, `schemes/groups/${layer}`);
  switch (by) {
    case "neighbours":
      return cutEqually(Array.from({ length: network.units }, (_, i) => i), groups);
    case "random":
      return cutEqually(inRandomOrder(network.units, stream), groups);
    case "clusters":
      return clusteredUnits(network, { groups, stream });
    case "importance":
      return importantUnits(network, { groups, share: COMMON });
    case "co-activation": {
      if (!activations) {
        throw new UserError(
          "Cannot group units by co-activation: found no activations, wanted [T, F] of each layer",
        );
      }
      return connectedUnits(coActivations(activations(layer), network.units), { groups });
    }
  }
}

/** For each group the mean of its units' columns of the first matrix: [D, E]. */
function meanColumns({ width, units, up }: Network, groups: UnitGroups): Float32Array {
  return Float32Array.from({ length: width * groups.length }, (_, i) => {
    const [row, group] = [Math.floor(i / groups.length), groups[i % groups.length]];
    return group.reduce((sum, unit) => sum + up[row * units + unit], 0) / group.length;
  });
}

/**
 * A mixture of the parts of a dense model's networks, with its gate.
 *
 * It begins as the dense model where all parts are chosen, each with weight 1.
 *
 * @throws {UserError} where the model is not dense, or its units cannot be shared so.
 */
export function moefication(
  source: WeightedModel,
  options: MoeficationOptions,
): WeightedModel & { recipe: GateRecipe } {
  const { experts, topK, seed, recipe = partsGate(topK), averaged } = options;
  checkAlike([source]);
  const { model } = source;
  const ffn = denseSpec(model, "cut");
  const made = layersOf(model).map(({ index }) => {
    const network = networkAt(source, index);
    const groups = groupsOf(network, { ...options, layer: index });
    return {
      ...bankOf(index, groups.map((ids) => unitsOf(network, ids))),
      ...averaged && { [`layers.${index}.gate.router`]: meanColumns(network, groups) },
    };
  });
  const target = madeModel(model, "parts", {
    moe: plainMoe({ ...ffn, width: ffn.width / experts, experts, topK }),
  });
  return {
    ...fillModel(target, { from: [source], made: Object.assign({}, ...made), seed, recipe }),
    recipe,
  };
}

/**
 * The dense model whose networks are all experts of a layer side by side: what {@linkcode moefication}
 * began with, its units in another order.
 *
 * @throws {UserError} where the model has other networks than routed experts.
 */
export function joinExperts(source: WeightedModel): WeightedModel {
  checkAlike([source]);
  const { model } = source;
  const { experts, topK: _, sharedGate: __, router: ___, placement: ____, ...ffn } = sparseSpec(
    model,
    "join",
  );
  const target = madeModel(model, "joined", {
    ...{ moe: undefined, ffn: { ...ffn, width: experts * ffn.width } },
  });
  const layers = sparseLayers(model);
  if (layers.length !== layersOf(model).length) {
    throw new UserError(`Cannot join ${model.id}: found dense layers, wanted experts in all`);
  }
  const made = layers.map((layer) => denseOf(layer.index, joined(expertsAt(source, layer))));
  return fillModel(target, { from: [source], made: Object.assign({}, ...made), seed: 0 });
}

/**
 * Experts a token after so many of all steps (SMoE-Dropout): from 1 to all, evenly.
 *
 * @example
 * ```ts
 * import { growingChoices } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const at = (step: number) => growingChoices(step, { steps: 100, experts: 4 });
 * assertEquals([at(0), at(30), at(60), at(99), at(100)], [1, 2, 3, 4, 4]);
 * ```
 */
export function growingChoices(
  step: number,
  { steps, experts }: { steps: number; experts: number },
): number {
  return Math.min(experts, 1 + Math.floor(experts * step / steps));
}
