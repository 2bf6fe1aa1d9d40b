/**
 * Whether a recipe can serve a model of given sizes, told before anything runs.
 *
 * @module
 */
import { UserError } from "../../kernels/mod.ts";
import { capacityOf } from "./cap/capacity.ts";
import { requireEqualBlocks } from "./cap/devices.ts";
import { rankedChoice } from "./decoding/ranked.ts";
import type { GateShape } from "./gate.ts";
import type { GateRecipe } from "./recipe.ts";
import { scorerOf } from "./score/table.ts";
import { selectorOf } from "./select/table.ts";
import { expertRanges } from "./zero_experts.ts";

/** What a recipe is held against. */
export interface RecipeUse {
  /** Routed experts E. */
  experts: number;
  /** Whether the model is a causal decoder. */
  causal: boolean;
  /** Tokens of a batch. */
  tokens: number;
  /** Tokens of a sequence. */
  length: number;
  /** Token ids; 256 where absent. */
  vocabulary?: number;
  /** Tags; 1 where absent. */
  tags?: number;
}

/**
 * Refuses a recipe that cannot serve.
 *
 * @throws {UserError} which says why, and what would work.
 *
 * @example
 * ```ts
 * import { checkRecipe, recipeById } from "@moelab/moelab/core";
 * import { assertThrows } from "@std/assert";
 *
 * const use = { experts: 1, causal: true, tokens: 64, length: 16 };
 * assertThrows(
 *   () => checkRecipe(recipeById("mixtral"), use),
 *   TypeError,
 *   'Gate "mixtral": the best 2 of 1 experts were chosen, wanted 1 to 1',
 * );
 * ```
 */
export function checkRecipe(recipe: GateRecipe, use: RecipeUse): void {
  const why = recipeRefusal(recipe, use);
  if (why !== undefined) {
    throw new UserError(`Gate "${recipe.id}": ${why[0].toLowerCase()}${why.slice(1)}`);
  }
}

/** Why a recipe cannot serve, undefined where it can. */
export function recipeRefusal(recipe: GateRecipe, use: RecipeUse): string | undefined {
  const { causal, tokens, length } = use;
  if (causal && !recipe.causal) {
    return "In a causal decoder a token's experts would depend on tokens after it" +
      (recipe.nearest === undefined ? "" : `; nearest gate that can: "${recipe.nearest}"`);
  }
  if (tokens % length !== 0) {
    return `${tokens} tokens are no whole number of sequences of ${length}; wanted a multiple such` +
      ` as ${Math.max(1, Math.round(tokens / length)) * length}`;
  }
  return misfit(recipe) ?? wrongSize(recipe, shapeOfUse(use));
}

/**
 * The number of experts nearest to what is wanted with which a recipe can serve; the smaller of two.
 *
 * @throws {UserError} where no number up to twice as many works, with the reason for the wanted one.
 *
 * @example
 * ```ts
 * import { fittingExperts, recipeById } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const use = { experts: 8, causal: true, tokens: 64, length: 16 };
 * assertEquals(fittingExperts(recipeById("peer"), use), 9);
 * assertEquals(fittingExperts(recipeById("switch"), use), 8);
 * ```
 */
export function fittingExperts(recipe: GateRecipe, use: RecipeUse): number {
  for (let away = 0; away <= use.experts; away++) {
    for (const experts of [use.experts - away, use.experts + away]) {
      if (experts >= 1 && recipeRefusal(recipe, { ...use, experts }) === undefined) return experts;
    }
  }
  checkRecipe(recipe, use);
  return use.experts;
}

function shapeOfUse({ experts, tokens, length, vocabulary = 256, tags = 1 }: RecipeUse): GateShape {
  return { dModel: 1, topK: 1, layer: 0, layers: 1, experts, tokens, length, vocabulary, tags };
}

/** Stages that do not go with each other. */
function misfit({ score, select, weigh, decoding }: GateRecipe): string | undefined {
  if (decoding?.kind === "contrast" && select.kind !== "top-k") {
    return `A choice "${select.kind}" was contrasted with its expert of rank ${decoding.rank};` +
      ` "top-k" can be`;
  }
  if ((score.kind === "product-key") !== (select.kind === "product-key")) {
    return `Scores "${score.kind}" met a choice "${select.kind}"; product keys go with their own`;
  }
  const reads = weigh.kind !== "chosen" && weigh.kind !== "equal";
  if (score.kind === "none" && reads) {
    return `Weights "${weigh.kind}" need scores; without any "equal" and "chosen" work`;
  }
  const ofSet = score.of !== undefined && score.of !== "token";
  if (ofSet && score.residual) {
    return `Logits of the layer before are added to those of tokens, not of a ${score.of}`;
  }
  if (ofSet && ["embedding", "by-tag"].includes(score.kind)) {
    return `Scores "${score.kind}" are of tokens, not of a ${score.of}; "linear" can be`;
  }
  return undefined;
}

/** Sizes that the stages cannot have. */
function wrongSize(recipe: GateRecipe, bare: GateShape): string | undefined {
  const { score, select, cap, balance, decoding } = recipe;
  const selector = selectorOf(select);
  const weak = decoding?.kind === "contrast" ? rankedChoice(select, decoding.rank) : select;
  const why = scorerOf(score)?.refusal?.(score, bare) ?? selector.refusal?.(select, bare) ??
    selector.refusal?.(weak, bare);
  if (why !== undefined) return why;
  const { experts } = bare;
  const { networks } = expertRanges(recipe, experts);
  if (networks < 1) {
    const zero = experts - networks;
    return `${zero} of ${experts} experts are no networks; wanted at least ${zero + 1} experts`;
  }
  const shape = { ...bare, topK: selector.choices(select, bare, recipe) };
  const blocks = [...balance, ...(cap === undefined ? [] : [cap])].flatMap((spec) =>
    "devices" in spec ? [spec.devices] : []
  );
  return refusedBy(() => {
    for (const devices of blocks) requireEqualBlocks({ experts, devices });
    if (cap === undefined) return;
    for (const training of [true, false]) {
      capacityOf(cap, shape, { training, zero: experts - networks });
    }
  });
}

/** The message of a UserError. */
function refusedBy(action: () => void): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}
