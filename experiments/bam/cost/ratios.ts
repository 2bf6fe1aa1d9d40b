/**
 * How much longer one thing takes than another, where both were measured in the same rounds.
 *
 * @module
 */
import { type Estimate, median } from "../../../kernels/base/estimate.ts";

/**
 * The median of the ratios of each round: what slows a round down slows both.
 *
 * @throws {RangeError} where the rounds are not as many.
 *
 * @example
 * ```ts
 * import { pairedRatio } from "./ratios.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { value, lo, hi } = pairedRatio([2, 6, 4], [1, 2, 2]);
 * assertEquals([value, lo, hi], [2, 2, 3]);
 * ```
 */
export function pairedRatio(samples: readonly number[], against: readonly number[]): Estimate {
  if (samples.length !== against.length) {
    throw new RangeError(
      `Cannot take ratios of ${samples.length} rounds and ${against.length}: wanted as many`,
    );
  }
  const { method, ...ratio } = median(samples.map((one, i) => one / against[i]));
  return { ...ratio, method: `ratios of rounds: ${method}` };
}
