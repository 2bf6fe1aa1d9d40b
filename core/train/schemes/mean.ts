/**
 * Means of weights.
 *
 * @module
 */

/**
 * The mean of arrays, weighed by numbers that are divided by their sum; all alike where absent.
 *
 * @throws {RangeError} where the arrays differ in length, or the weights sum to nothing.
 *
 * @example
 * ```ts
 * import { weightedMean } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const parts = [Float32Array.of(0, 4), Float32Array.of(4, 8)];
 * assertEquals([...weightedMean(parts)], [2, 6]);
 * assertEquals([...weightedMean(parts, [3, 1])], [1, 5]);
 * ```
 */
export function weightedMean(
  parts: readonly Float32Array[],
  weights: readonly number[] = parts.map(() => 1),
): Float32Array {
  const total = weights.reduce((a, b) => a + b, 0);
  if (weights.length !== parts.length || !(Math.abs(total) > 0)) {
    throw new RangeError(
      `Weighed ${parts.length} arrays by ${
        weights.join(", ") || "nothing"
      }: wanted as many, not 0 ` +
        `in all`,
    );
  }
  const [first] = parts;
  const unequal = parts.find(({ length }) => length !== first.length);
  if (unequal) throw new RangeError(`Averaged ${first.length} numbers and ${unequal.length}`);
  return Float32Array.from(
    first,
    // From -0 on: a mean of one array is that array to the bit.
    (_, i) => parts.reduce((sum, part, p) => sum + weights[p] * part[i], -0) / total,
  );
}
