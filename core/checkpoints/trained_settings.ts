/**
 * The constants of the forward pass of a model that was trained here: what its description leaves
 * open and the trainer fixes.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { normRecipes } from "../../kernels/norm/kinds.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import type { SelectSpec } from "../gates/select/specs.ts";
import type { WeighSpec } from "../gates/weigh/specs.ts";
import { headShape } from "../spec/mixer_counts.ts";
import type { Model } from "../spec/model.ts";
import type { RouterSettings, RunSettings } from "./run_settings.ts";

/** Base of the frequencies of rotary positions. */
const THETA = 10_000;

type Weights = Pick<RouterSettings, "score" | "normalised">;

/** Weights of the chosen that a router can give; undefined for others. */
function weightsOf(weigh: WeighSpec): Weights | undefined {
  switch (weigh.kind) {
    case "softmax":
      return { score: "softmax", normalised: weigh.over === "chosen" };
    case "sigmoid":
      return { score: "sigmoid", normalised: weigh.normalised };
    default:
      return undefined;
  }
}

/** How many experts a choice takes, where it takes the best; undefined for others. */
function bestOf(select: SelectSpec, experts: number): number | undefined {
  if (select.kind === "all") return experts;
  return select.kind === "top-k" && !select.bias && !select.skip ? select.k : undefined;
}

/** What of a gate is more than a router that chooses by one product and weighs, in words. */
function beyondRouter(recipe: GateRecipe, model: Model): string | undefined {
  const { score, select, weigh, cap, zeroExperts, decoding } = recipe;
  const { topK, experts } = model.moe!;
  const plain = score.kind === "linear" && !score.bias && !score.normalise && !score.residual &&
    score.noise?.kind !== "gumbel" && (score.of ?? "token") === "token";
  if (!plain) return `a score "${score.kind}" that is more than a product`;
  const best = bestOf(select, experts);
  if (best === undefined) return `a choice "${select.kind}"`;
  if (best !== topK) return `${best} experts a token where the model has ${topK} as moe.topK`;
  if (!weightsOf(weigh)) return `weights "${weigh.kind}"`;
  if (cap) return "experts without room for all";
  if (zeroExperts) return "experts without a network";
  return decoding && `a way of its own "${decoding.kind}" to use the model`;
}

/**
 * The router that does in use what a gate does: weights by a softmax over the chosen, which sum to 1,
 * where no gate is given.
 *
 * @throws {UserError} for a gate that is more than a router; it names what.
 */
export function routerOfRecipe(model: Model, recipe?: GateRecipe): RouterSettings {
  const rest = { scale: recipe?.scale ?? 1, groupScore: "best" } as const;
  if (!recipe) return { score: "softmax", normalised: true, ...rest };
  const more = beyondRouter(recipe, model);
  if (more === undefined) return { ...weightsOf(recipe.weigh)!, ...rest };
  throw new UserError(
    `Cannot run ${model.id} with the gate ${recipe.id}: found ${more}, wanted one like bam-ffn or ` +
      "btx: the best experts of one product, weighed by their scores",
  );
}

/**
 * Settings of a model that was trained here, with a gate or the description's own router.
 *
 * @throws {UserError} for a gate that is more than a router.
 *
 * @example BAM's networks are weighed by their probability, which is below 1
 * ```ts
 * import { modelPreset, recipeById, trainedSettings } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const model = modelPreset("bam-small");
 * const settings = trainedSettings(model, { recipe: recipeById("bam-ffn") });
 * assertEquals(settings.router?.normalised, false);
 * assertEquals(trainedSettings(model).router?.normalised, true);
 * ```
 */
export function trainedSettings(
  model: Model,
  options: { recipe?: GateRecipe } = {},
): RunSettings {
  const { attention } = model;
  const { dqk } = headShape(attention);
  const dim = attention.kind === "mla" ? attention.ropeDim : dqk;
  return {
    normEps: normRecipes[model.norm.kind === "layernorm" ? "layer" : "rms"].epsilon,
    rope: { theta: THETA, dim, pairs: "halves" },
    attentionScale: 1 / Math.sqrt(dqk),
    ...(model.moe && { router: routerOfRecipe(model, options.recipe) }),
    ends: [],
  };
}
