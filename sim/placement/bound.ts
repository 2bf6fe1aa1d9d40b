/**
 * What the fullest rank holds at least, whatever the placement.
 *
 * @module
 */
import { expertsPerRank } from "./slots.ts";

/**
 * A lower bound of the fullest rank's load, with as many experts on every rank and each of them once:
 * the mean; or, of the k R + 1 heaviest experts, the k + 1 lightest, which some rank holds together,
 * with the lightest of all in its other slots.
 *
 * @throws {UserError} where experts do not divide by ranks.
 *
 * @example The heaviest expert has the lightest for company at least
 * ```ts
 * import { placementBound } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(placementBound([9, 1, 1, 1], 2), 10);
 * assertEquals(placementBound([3, 3, 3, 1], 2), 6);
 * assertEquals(placementBound([4, 3, 2, 1], 2), 5);
 * ```
 */
export function placementBound(load_E: readonly number[], ranks: number): number {
  const slots = expertsPerRank(load_E.length, ranks);
  const sorted = load_E.toSorted((a, b) => b - a);
  const lightest = sorted.toReversed();
  const sum = (list: readonly number[]) => list.reduce((total, load) => total + load, 0);
  let bound = sum(sorted) / ranks;
  for (let k = 0; k < slots; k++) {
    const together = sorted.slice(k * ranks - k, k * ranks + 1);
    bound = Math.max(bound, sum(together) + sum(lightest.slice(0, slots - k - 1)));
  }
  return bound;
}
