/**
 * The settings that a table does not print: the recipe attached to a row, else what the publisher's
 * configurations of that release say, else those of the release before.
 *
 * @module
 */
import type { CaseRecipe, PublishedCase } from "./case.ts";
import { releaseOf } from "./case_stack.ts";
import { deviceOf, precisionOf } from "./case_words.ts";
import inherited from "./inherited_recipes.json" with { type: "json" };
import { modelFamily } from "./model_family.ts";
import { sourceRules } from "./source_rules.ts";

/** Settings of pre-training rows of a release, as narrow as they are known. */
interface InheritedRecipe {
  family: string;
  device?: string;
  precision?: string;
  recipe: CaseRecipe;
}

const releases = inherited.releases as unknown as Record<string, InheritedRecipe[]>;

/** The recipe of a row, `{}` where nothing is known. */
export function recipeOf(row: PublishedCase): CaseRecipe {
  if (row.recipe) return row.recipe;
  const { task = "Pre-Training", precision } = row.workload;
  if (sourceRules(row).id !== "megatron-bridge" || task !== "Pre-Training") return {};
  const family = modelFamily(row)?.key;
  const device = deviceOf(row.hardware.gpu);
  const format = precisionOf(precision);
  const found = releases[releaseOf(row) ?? ""]?.find((r) =>
    r.family === family && (r.device ?? device) === device && (r.precision ?? format) === format
  );
  return found?.recipe ?? {};
}
