/**
 * Skewed routing, drawn from a law of popularity.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { split, type Stream } from "../../../kernels/base/random.ts";
import { checkRoutingShape, type RoutingShape } from "./routing.ts";

/** The first index whose running total lies above `x`. */
function find(totals: Float64Array, x: number): number {
  let low = 0;
  let high = totals.length - 1;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (totals[mid] > x) high = mid;
    else low = mid + 1;
  }
  return low;
}

/** Draws from all experts before the chosen ones are left out by a scan. */
const MAX_REJECTIONS = 8;

/** One more expert for a token, by weight among those that it has not chosen. */
function draw(weights_E: Float64Array, totals_E: Float64Array, chosen: Set<number>, s: Stream) {
  const experts = weights_E.length;
  for (let i = 0; i < MAX_REJECTIONS; i++) {
    const expert = find(totals_E, s.uniform() * totals_E[experts - 1]);
    if (!chosen.has(expert)) return expert;
  }
  let left = 0;
  for (let e = 0; e < experts; e++) if (!chosen.has(e)) left += weights_E[e];
  let x = s.uniform() * left;
  let last = -1;
  for (let e = 0; e < experts; e++) {
    if (chosen.has(e)) continue;
    last = e;
    if ((x -= weights_E[e]) < 0) return e;
  }
  return last;
}

/**
 * Choices by a law of Zipf: the i-th most popular expert is wanted in proportion to i^-exponent,
 * and each token draws its experts one after the other without repeating one. Exponent 0 is
 * uniform at random (which is not balanced); which experts are popular is shuffled by the seed,
 * unless `shuffled` is false: then expert 0 is the most popular, and contiguous placement puts the
 * hot experts together, the worst case.
 *
 * @example
 * ```ts
 * import { imbalance, skewedCounts, sumOverRanks } from "@moelab/moelab/sim";
 * import { assert } from "@std/assert";
 *
 * const shape = { ranks: 4, tokensPerRank: 256, experts: 8, topK: 2 };
 * const load = (exponent: number) =>
 *   imbalance(sumOverRanks(skewedCounts(shape, { exponent, seed: 7 })));
 * assert(load(1) > 1.5 && load(1) > load(0));
 * ```
 */
export function skewedCounts(
  shape: RoutingShape,
  options: { exponent: number; seed: number; shuffled?: boolean },
): number[][] {
  checkRoutingShape(shape);
  const { experts, topK, tokensPerRank, ranks } = shape;
  const { exponent, seed, shuffled = true } = options;
  if (!Number.isFinite(exponent) || exponent < 0) {
    throw new UserError(`Cannot skew the routing by exponent ${exponent}: wanted 0 or more`);
  }
  const place_E = Array.from({ length: experts }, (_, e) => e);
  if (shuffled) {
    const stream = split(seed, "routing/popularity");
    for (let e = experts - 1; e > 0; e--) {
      const other = stream.int(0, e);
      [place_E[e], place_E[other]] = [place_E[other], place_E[e]];
    }
  }
  const weights_E = Float64Array.from(place_E, (place) => (place + 1) ** -exponent);
  let total = 0;
  const totals_E = weights_E.map((weight) => total += weight);
  return Array.from({ length: ranks }, (_, rank) => {
    const stream = split(seed, `routing/rank/${rank}`);
    const counts_E = new Array<number>(experts).fill(0);
    const chosen = new Set<number>();
    for (let token = 0; token < tokensPerRank; token++) {
      chosen.clear();
      while (chosen.size < topK) {
        const expert = draw(weights_E, totals_E, chosen, stream);
        chosen.add(expert);
        counts_E[expert]++;
      }
    }
    return counts_E;
  });
}
