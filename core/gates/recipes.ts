/**
 * All gates, as rows: token choice (trained, and fixed), expert choice, dense, soft and merged, and
 * what came after the survey (arXiv 2407.06204).
 *
 * @module
 */
import { unknownName } from "../../kernels/mod.ts";
import type { GateRecipe } from "./recipe.ts";
import { denseRecipes } from "./recipes/dense.ts";
import { expertChoiceRecipes } from "./recipes/expert_choice.ts";
import { fixedRecipes } from "./recipes/fixed.ts";
import { laterRecipes } from "./recipes/later.ts";
import { lowRankRecipes } from "./recipes/low_rank.ts";
import { mixedModelRecipes } from "./recipes/mixed_models.ts";
import { softRecipes } from "./recipes/soft.ts";
import { tokenChoiceRecipes } from "./recipes/token_choice.ts";
import { tokenChoiceModelRecipes } from "./recipes/token_choice_models.ts";
import { tokenChoiceScoreRecipes } from "./recipes/token_choice_scores.ts";

/** All gates, in the order of the survey. */
export const gateRecipes: readonly GateRecipe[] = [
  ...tokenChoiceRecipes,
  ...tokenChoiceScoreRecipes,
  ...tokenChoiceModelRecipes,
  ...fixedRecipes,
  ...expertChoiceRecipes,
  ...denseRecipes,
  ...softRecipes,
  ...lowRankRecipes,
  ...mixedModelRecipes,
  ...laterRecipes,
];

/**
 * The recipe of an id.
 *
 * @throws {UserError} where there is none, with the nearest id.
 *
 * @example
 * ```ts
 * import { recipeById } from "@moelab/moelab/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(recipeById("switch").arxiv, "2101.03961");
 * assertThrows(() => recipeById("swich"), TypeError, 'did you mean "switch"?');
 * ```
 */
export function recipeById(id: string): GateRecipe {
  const found = gateRecipes.find((recipe) => recipe.id === id);
  if (found === undefined) throw unknownName("gate", id, gateRecipes.map((recipe) => recipe.id));
  return found;
}

/**
 * A recipe in one line: its stages, in order.
 *
 * @example
 * ```ts
 * import { recipeById, recipeLine } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   recipeLine(recipeById("mixtral")),
 *   "mixtral: linear > top-k (k 2) > softmax (over chosen) > dropless > balance (weight 0.01)",
 * );
 * ```
 */
export function recipeLine({ id, score, select, weigh, cap, balance }: GateRecipe): string {
  const last = balance.length === 0 ? ["no balance"] : [balance.map(specWords).join(" + ")];
  const room = cap === undefined ? "dropless" : specWords(cap);
  return `${id}: ${[score, select, weigh].map(specWords).join(" > ")} > ${room} > ${last}`;
}

/** The kind of a spec and its fields. */
function specWords(spec: { kind: string }): string {
  const { kind, ...fields } = spec;
  const words = Object.entries(fields).map(([name, value]) => {
    if (typeof value === "object" && value !== null && "kind" in value) {
      return `${name} ${specWords(value as { kind: string })}`;
    }
    if (value === true) return name;
    return `${name} ${typeof value === "object" ? Object.values(value ?? {}).join(" ") : value}`;
  });
  return words.length === 0 ? kind : `${kind} (${words.join(", ")})`;
}
