/**
 * How many places a token goes to: expected distinct domains (or ranks) of its experts.
 *
 * @module
 */

/**
 * Expected number of distinct places that `choices` draws hit of `places` equal ones.
 *
 * With `experts` the draws are distinct experts, spread evenly over the places (a token chooses no
 * expert twice): places (1 - C(E - E/p, k) / C(E, k)). Without, each draw is free:
 * places (1 - (1 - 1/places)^choices).
 *
 * @example
 * ```ts
 * import { expectedDistinct } from "@moelab/moelab/sim";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(expectedDistinct(2, 4), 1.75);
 * // Two of four experts, each on a place of its own, are on two places.
 * assertAlmostEquals(expectedDistinct(2, 4, 4), 2);
 * ```
 */
export function expectedDistinct(choices: number, places: number, experts = Infinity): number {
  if (places <= 1) return Math.min(choices, places);
  if (!Number.isFinite(experts)) return places * (1 - (1 - 1 / places) ** choices);
  const elsewhere = experts - experts / places;
  // More choices than experts elsewhere: one of them is on the place for sure.
  if (elsewhere < choices) return places;
  let missing = 1;
  let all = 1;
  for (let i = 0; i < choices; i++) {
    missing *= elsewhere - i;
    all *= experts - i;
  }
  return places * (1 - missing / all);
}
