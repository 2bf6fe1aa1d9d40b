/**
 * A question to the planner with experts placed.
 *
 * @module
 */
import type { Planning } from "../planner/planning.ts";
import { checkPlacedPlan, type PlacementWords, readPlacement } from "./read_placement.ts";

/**
 * The same question with a placement: a method is worked out for the expert ranks of every plan, a file
 * holds their number.
 *
 * @throws {UserError} for words that name no placement, and a file of other ranks than are held.
 */
export async function placePlanning(
  planning: Planning,
  words: PlacementWords,
): Promise<Planning> {
  const placed = await readPlacement(words, planning);
  const { sizes, workload, ranks } = placed;
  if (ranks === undefined) return { ...planning, sizes, workload };
  const { ep = ranks } = planning.fix;
  checkPlacedPlan({ ep }, placed);
  return { ...planning, sizes, workload, fix: { ...planning.fix, ep } };
}
