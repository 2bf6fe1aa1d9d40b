/**
 * A weaker choice to be contrasted with: SCMoE, arXiv 2405.14507 (survey, section 4.1.1).
 *
 * @module
 */
import type { SelectSpec } from "../select/specs.ts";

/**
 * A choice of the expert of one rank alone, 1 the best.
 *
 * @throws {RangeError} where the choice is not that of the K best.
 */
export function rankedChoice(select: SelectSpec, rank: number): SelectSpec {
  if (select.kind === "top-k") return { ...select, k: 1, skip: rank - 1 };
  throw new RangeError(
    `A choice "${select.kind}" was to give the expert of rank ${rank}; "top-k" can`,
  );
}
