/**
 * Branch-Train-MiX (arXiv 2403.07816, section 3): models of one seed, each trained on a domain of its
 * own, become one mixture. Their networks are its experts, all else is averaged, the routers are new.
 *
 * Variants (section 4.3 and Table 5): a network may be split into several experts; or blended, so that
 * every expert has a part of each domain. How tokens are routed is the recipe's: "btx" (best two),
 * "btx-switch", "btx-sample", "btx-soft". Experts stay as they are where a training freezes them by
 * {@linkcode isExpert}.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { GateRecipe } from "../../gates/recipe.ts";
import { layersOf } from "../../spec/layers.ts";
import { checkAlike, fillModel, madeModel, type WeightedModel } from "./model_weights.ts";
import {
  bankOf,
  denseSpec,
  joined,
  type Network,
  networkAt,
  plainMoe,
  unitsOf,
} from "./networks.ts";
import { cutEqually } from "./unit_groups.ts";

/** What experts are made of. */
export type ExpertCut =
  /** The network of a domain. */
  | { kind: "whole" }
  /** A part of the network of a domain, of so many equal ones. */
  | { kind: "split"; parts: number }
  /** The n-th part of every domain's network, of as many as there are domains. */
  | { kind: "blend" };

/** How models are mixed. */
export interface BranchTrainMixOptions {
  /** Experts a token. */
  topK: number;
  /** Seed of the routers. */
  seed: number;
  /** The gate; the description's own router, whose weights sum to 1, where absent. */
  recipe?: GateRecipe;
  /** What experts are made of; whole networks where absent. */
  cut?: ExpertCut;
  /**
   * Models whose networks are experts too, while nothing else of them is used: BAM gives BTX more
   * experts by copies of the seed's (arXiv 2408.08274, Table 4). None where absent.
   */
  extra?: readonly WeightedModel[];
}

/** Whether a weight is of routed experts: what BTX's variant with frozen experts leaves alone. */
export const isExpert = (name: string): boolean => /\.moe\.(up|down)$/.test(name);

/** A network's parts, neighbouring units together. */
const partsOf = (network: Network, count: number): Network[] =>
  cutEqually(Array.from({ length: network.units }, (_, i) => i), count)
    .map((ids) => unitsOf(network, ids));

/** Experts of a layer, of its networks in all domains. */
export function cutExperts(networks: readonly Network[], cut: ExpertCut): Network[] {
  switch (cut.kind) {
    case "whole":
      return [...networks];
    case "split":
      return networks.flatMap((one) => partsOf(one, cut.parts));
    case "blend": {
      const parts = networks.map((one) => partsOf(one, networks.length));
      return networks.map((_, n) => joined(parts.map((own) => own[n])));
    }
  }
}

/**
 * One mixture of several dense models, see the module. A seed that is to be a generalist is one of them,
 * and may be there several times.
 *
 * Models that are all alike give the same logits as one of them, where weights sum to 1 and networks
 * are whole. Parts that are weighed do not sum to a network.
 *
 * @throws {UserError} where the models differ in a size, have experts, or cannot be cut so.
 */
export function branchTrainMix(
  sources: readonly WeightedModel[],
  options: BranchTrainMixOptions,
): WeightedModel {
  const { topK, seed, recipe, cut = { kind: "whole" }, extra = [] } = options;
  const owners = [...sources, ...extra];
  checkAlike(owners);
  const [{ model }] = sources;
  const ffn = denseSpec(model, "mix");
  const banks = layersOf(model).map(({ index }) =>
    cutExperts(owners.map((source) => networkAt(source, index)), cut)
  );
  const [[{ units: width }, ...rest]] = banks;
  const experts = rest.length + 1;
  if (topK > experts) {
    throw new UserError(`Cannot choose ${topK} of ${experts} experts: wanted 1 to ${experts}`);
  }
  const target = madeModel(model, "btx", { moe: plainMoe({ ...ffn, width, experts, topK }) });
  const made = Object.assign({}, ...banks.map((bank, layer) => bankOf(layer, bank)));
  return fillModel(target, { from: sources, made, seed, recipe });
}
