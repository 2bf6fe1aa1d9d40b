/**
 * The table of kinds of experts.
 *
 * @module
 */
import { unknownName } from "../../kernels/base/errors.ts";
import { attentionRecipes, imageRecipes } from "./recipes_other.ts";
import { networkRecipes } from "./recipes_networks.ts";
import type { ExpertRecipe } from "./recipe.ts";

/** All kinds, in the order of the survey's section 4.2. */
export const expertRecipes: readonly ExpertRecipe[] = [
  ...networkRecipes,
  ...attentionRecipes,
  ...imageRecipes,
];

/**
 * The kind of that id.
 *
 * @throws {UserError} that names the nearest id.
 *
 * @example
 * ```ts
 * import { expertRecipeById } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(expertRecipeById("experts-peer").routed.kind, "neuron");
 * ```
 */
export function expertRecipeById(id: string): ExpertRecipe {
  const found = expertRecipes.find((recipe) => recipe.id === id);
  if (found === undefined) {
    throw unknownName("kind of experts", id, expertRecipes.map((recipe) => recipe.id));
  }
  return found;
}
