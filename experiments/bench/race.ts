/**
 * Two things that do the same work, timed in turn: a busy machine slows both, and their ratio holds
 * where their times do not.
 *
 * @module
 */
import { type Estimate, median } from "../../kernels/base/estimate.ts";

/** Times of both, and how fast the first is as a fraction of the second. */
export interface Race {
  /** Seconds of the first. */
  ours: Estimate;
  /** Seconds of the second. */
  theirs: Estimate;
  /** Speed of the first over the speed of the second: above 1, the first is faster. */
  speed: Estimate;
}

/**
 * Runs both once to warm up, then `pairs` times side by side, each in turn the first of its pair;
 * both give their seconds.
 *
 * The speed is the median of the pairs' own ratios and has their interval: a machine that changes
 * its pace in the middle shifts the times of both, and few of the ratios.
 *
 * @example
 * ```ts
 * import { race } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const { speed } = await race(10, () => Promise.resolve(2), () => Promise.resolve(1));
 * assertEquals([speed.value, speed.lo, speed.hi, speed.n], [0.5, 0.5, 0.5, 10]);
 * ```
 */
export async function race(
  pairs: number,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
): Promise<Race> {
  await ours();
  await theirs();
  const mine: number[] = [];
  const other: number[] = [];
  for (let i = 0; i < pairs; i++) {
    if (i % 2 === 0) mine.push(await ours());
    other.push(await theirs());
    if (i % 2 === 1) mine.push(await ours());
  }
  return {
    ours: median(mine),
    theirs: median(other),
    speed: median(mine.map((seconds, i) => other[i] / seconds)),
  };
}
