/**
 * All schemes, as rows: several models to one, dense to sparse, sparse to dense. Survey, arXiv
 * 2407.06204, section 4.4.
 *
 * @module
 */
import { unknownName, UserError } from "../../../kernels/base/errors.ts";
import type { SchemeRecipe } from "./recipe.ts";
import { densifyingSchemes } from "./table_dense.ts";
import { mergingSchemes, togetherRecipes } from "./table_several.ts";
import { sparsifyingSchemes } from "./table_sparse.ts";

/** All schemes. */
export const schemeRecipes: readonly SchemeRecipe[] = [
  ...mergingSchemes,
  ...sparsifyingSchemes,
  ...densifyingSchemes,
];

/**
 * The scheme of an id.
 *
 * @throws {UserError} where there is none, with the nearest id, and where no model comes of it.
 *
 * @example
 * ```ts
 * import { schemeById } from "@moelab/moelab/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(schemeById("bam").from, "several dense");
 * assertThrows(() => schemeById("btx-slit"), TypeError, 'did you mean "btx-split"?');
 * ```
 */
export function schemeById(id: string): SchemeRecipe {
  const found = schemeRecipes.find((recipe) => recipe.id === id);
  if (found) return found;
  const together = togetherRecipes.find((recipe) => recipe.id === id);
  if (!together) throw unknownName("scheme", id, schemeRecipes.map((recipe) => recipe.id));
  throw new UserError(
    `Cannot make one model by ${id}: found models that stay several, wanted a scheme that makes one, ` +
      'such as btx; "experiment fusion" runs it',
  );
}
