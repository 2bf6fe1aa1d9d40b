/**
 * All schemes, as rows: several models to one, dense to sparse, sparse to dense. Survey, arXiv
 * 2407.06204, section 4.4.
 *
 * @module
 */
import { unknownName } from "../../../kernels/base/errors.ts";
import type { SchemeRecipe } from "./recipe.ts";
import { densifyingSchemes } from "./table_dense.ts";
import { mergingSchemes } from "./table_several.ts";
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
 * @throws {UserError} where there is none, with the nearest id.
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
  if (found === undefined) {
    throw unknownName("scheme", id, schemeRecipes.map((recipe) => recipe.id));
  }
  return found;
}
