/**
 * Where the experts of a recipe stand in a base: every place of every layer, with sizes and gates.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { checkRecipe } from "../gates/check.ts";
import type { GateShape, GateTensor } from "../gates/gate.ts";
import { gateOf } from "../gates/pipeline.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { recipeById } from "../gates/recipes.ts";
import type { ExpertCompute } from "../programs/chosen_experts.ts";
import { prefixed } from "../programs/program.ts";
import type { Model } from "../spec/model.ts";
import { baseSizes, siteWidths } from "./base.ts";
import { chanceParameters } from "./chance.ts";
import type { BaseBranch } from "./forward.ts";
import { adapterKind, adapterParameters } from "./kinds.ts";
import type { PlacedGate } from "./placed_gate.ts";
import { prefixParameters } from "./prefix.ts";
import type { AdapterPart, AdapterRecipe, AdapterSite } from "./specs.ts";

/** A base with a recipe's adapters, and what it is used on. */
export interface AdaptedModel {
  /** The base. */
  model: Model;
  /** The adapters. */
  recipe: AdapterRecipe;
  /** Sequences of a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Domains; 1 where absent. */
  tags?: number;
  /** Clusters of sequences; as many as domains where absent. */
  clusters?: number;
  /** Steps of the whole training, for gates that change on the way. */
  steps?: number;
  /** Which experts compute for a token; what is faster by their number where absent. */
  compute?: ExpertCompute;
}

/** Adapters at a place. */
export interface AdapterPlace {
  /** Layer, from 0 on. */
  layer: number;
  /** The part. */
  part: AdapterPart;
  /** The place. */
  site: AdapterSite;
  /** Their parameters begin so, such as "layers.0.lora.q.". */
  prefix: string;
  /** Banks of parameters: experts, and one for all where there is such. */
  banks: number;
  /** Their gate, where there is one. */
  gate?: PlacedGate;
  /** Their parameters, by names without the prefix. */
  parameters: Record<string, GateTensor>;
}

const attentionSites: readonly AdapterSite[] = ["q", "k", "v", "out", "prefix"];

/** The branch that a place is in. */
export function branchOf(site: AdapterSite): BaseBranch | "layer" {
  if (site === "layer") return "layer";
  return attentionSites.includes(site) ? "attention" : "network";
}

/** Experts of a part in a layer. */
export function expertsIn(
  { experts }: Pick<AdapterPart, "experts">,
  { layer, layers, tags }: { layer: number; layers: number; tags: number },
): number {
  if (experts === "tags") return tags;
  if (typeof experts === "number") return experts;
  return experts[Math.floor(layer * experts.length / layers)];
}

/** Sets that tell the gate of a part where a sequence belongs. */
export function tagsOf(part: AdapterPart, { tags = 1, clusters = tags }: AdaptedModel): number {
  return { domain: tags, kind: Math.min(2, tags), cluster: clusters }[part.tags ?? "domain"];
}

/** The gate of a part among the recipes; undefined where nothing or chance weighs. */
export function gateRecipeOf({ gate }: Pick<AdapterPart, "gate">): GateRecipe | undefined {
  if (gate === undefined || gate === "chance") return undefined;
  return typeof gate === "string" ? recipeById(gate) : gate;
}

function gateAt(
  adapted: AdaptedModel,
  part: AdapterPart,
  at: { layer: number; site: AdapterSite; experts: number },
): PlacedGate | undefined {
  const recipe = gateRecipeOf(part);
  if (recipe === undefined) return undefined;
  const { model, sequences, length, steps } = adapted;
  const { layer, site, experts } = at;
  const branch = branchOf(site);
  const own = part.gates === "site" && site !== "prefix" && site !== "layer";
  const sizes = baseSizes(model);
  const shape: GateShape = {
    dModel: own ? siteWidths(sizes, site)[0] : model.dModel,
    experts: part.adapter.kind === "prefix"
      ? experts
      : adapterKind(part.adapter).columns(part.adapter, experts),
    ...{ topK: 1, tokens: sequences * length, length, vocabulary: model.embedding.vocab },
    ...{ tags: tagsOf(part, adapted), layer, layers: sizes.layers, steps },
  };
  checkRecipe(recipe, { ...shape, causal: true });
  const where = own ? site : branch;
  const prefix = `layers.${layer}.${part.name}.gate.${where}.`;
  return { prefix, recipe, shape, ...own ? {} : { branch } };
}

function parametersAt(
  adapted: AdaptedModel,
  { adapter, gate }: AdapterPart,
  { site, banks }: { site: AdapterSite; banks: number },
): Record<string, GateTensor> {
  const sizes = baseSizes(adapted.model);
  if (adapter.kind === "prefix" || site === "prefix") {
    if (adapter.kind !== "prefix" || site !== "prefix") {
      throw new UserError(
        `Cannot put ${adapter.kind} at "${site}": a prefix stands at "prefix", and nothing else does`,
      );
    }
    return prefixParameters({ width: sizes.key, length: adapter.length, experts: banks });
  }
  if (site === "gate" && !sizes.gated) return {};
  const [input, output] = siteWidths(sizes, site);
  const own = { input, output, experts: banks };
  if (gate !== "chance") return adapterParameters(adapter, own);
  if (adapter.kind === "lora" || adapter.kind === "bottleneck") {
    return chanceParameters(adapter, own);
  }
  throw new UserError(
    `Cannot draw experts of ${adapter.kind} by chance: wanted lora or bottleneck`,
  );
}

/**
 * Every place of a recipe's experts in a base.
 *
 * @throws {UserError} where an adapter or a gate cannot stand there: why, and what would work.
 */
export function adapterPlaces(adapted: AdaptedModel): AdapterPlace[] {
  const { model: { layers }, recipe, tags = 1 } = adapted;
  return Array.from(
    { length: layers },
    (_, layer) =>
      recipe.parts.flatMap((part) =>
        part.sites.map((site): AdapterPlace => {
          const experts = expertsIn(part, { layer, layers, tags });
          const banks = experts + (part.universal ? 1 : 0);
          const gate = gateAt(adapted, part, { layer, site, experts });
          return {
            ...{ layer, part, site, banks, ...gate && { gate } },
            prefix: `layers.${layer}.${part.name}.${site}.`,
            parameters: parametersAt(adapted, part, { site, banks }),
          };
        })
      ),
  ).flat().filter(({ parameters }) => Object.keys(parameters).length > 0);
}

/** Parameters of the gates of places, each once. */
export function placedGates(places: readonly AdapterPlace[]): PlacedGate[] {
  const gates = new Map(places.flatMap(({ gate }) => gate ? [[gate.prefix, gate] as const] : []));
  return [...gates.values()];
}

/** Parameters of all experts and gates, by their names in the program. */
export function adapterTensors(places: readonly AdapterPlace[]): Record<string, GateTensor> {
  return Object.assign(
    {},
    ...places.map(({ prefix, parameters }) => prefixed(prefix, parameters)),
    ...placedGates(places).map(({ prefix, recipe, shape }) =>
      prefixed(prefix, gateOf(recipe).parameters(shape))
    ),
  );
}

/** States of all gates, by their names in the program. */
export function adapterStates(places: readonly AdapterPlace[]): Record<string, GateTensor> {
  return Object.assign(
    {},
    ...placedGates(places).map(({ prefix, recipe, shape }) =>
      prefixed(prefix, gateOf(recipe).states(shape))
    ),
  );
}
