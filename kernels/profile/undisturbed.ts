/**
 * What a time is when nobody disturbs.
 *
 * @module
 */
import type { Estimate } from "../base/estimate.ts";

/**
 * The lower quartile of samples, seconds, with the fastest sample and the median as its interval.
 *
 * Other programs on a machine only ever add to a time, and not to all samples alike: a median moves
 * with them, the fastest sample hangs on a single moment of luck.
 *
 * @throws {RangeError} where there are no samples.
 *
 * @example
 * ```ts
 * import { undisturbed } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const { value, lo, hi } = undisturbed([1.1, 1, 1.2, 3, 1.3]);
 * assertEquals([value, lo, hi], [1.1, 1, 1.2]);
 * ```
 */
export function undisturbed(samples: readonly number[]): Estimate {
  if (samples.length === 0) throw new RangeError("Cannot take the lower quartile of 0 samples");
  const x = samples.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (x.length - 1);
    const low = Math.floor(place);
    return x[low] + (place - low) * ((x[low + 1] ?? x[low]) - x[low]);
  };
  return {
    value: at(0.25),
    lo: x[0],
    hi: at(0.5),
    n: x.length,
    method: "lower quartile, from the fastest to the median",
  };
}
