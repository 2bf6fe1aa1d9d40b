/**
 * The family of a row's model.
 *
 * @module
 */
import type { PublishedCase } from "./case.ts";
import { modelFamilies, type ModelFamily } from "./model_families.ts";
import { sourceRules } from "./source_rules.ts";

/** The family of a row's model, with what the row's own source does otherwise. */
export function modelFamily(row: PublishedCase): ModelFamily | undefined {
  const name = row.workload.model ?? "";
  const family = modelFamilies.find((f) => f.name.test(name));
  return family && { ...family, ...sourceRules(row).family };
}
