/**
 * Things timed in turn, round by round: a busy machine slows all of them, and their ratios hold
 * where their times do not.
 *
 * @module
 */
import { type Estimate, median } from "../../kernels/base/estimate.ts";

/** How long a race goes on. */
export interface RaceOptions {
  /** Rounds at the most. */
  rounds: number;
  /** Rounds at the least. */
  least?: number;
  /** Called once all have run once to warm up. */
  warm?: () => void;
  /** Asked after each round past the least whether there have been enough. */
  enough?: () => boolean;
  /** Aborted by Ctrl-C: the race stops between two samples. */
  signal?: AbortSignal;
}

/**
 * Runs all once to warm up, then in rounds, forwards and backwards in turn; each gives its seconds.
 * The answer has the samples of each, round by round.
 *
 * @example
 * ```ts
 * import { race, speedOf } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const [slow, fast] = await race(
 *   [() => Promise.resolve(2), () => Promise.resolve(1)],
 *   { rounds: 10 },
 * );
 * const { value, lo, hi, n } = speedOf(slow, fast);
 * assertEquals([value, lo, hi, n], [0.5, 0.5, 0.5, 10]);
 * ```
 */
export async function race(
  runs: readonly (() => Promise<number>)[],
  options: RaceOptions,
): Promise<number[][]> {
  const { rounds, least = rounds, warm, enough = () => false, signal } = options;
  const order = runs.map((_, i) => i);
  const samples: number[][] = runs.map(() => []);
  for (const run of runs) {
    signal?.throwIfAborted();
    await run();
  }
  warm?.();
  for (let round = 0; round < rounds && (round < least || !enough()); round++) {
    for (const i of round % 2 === 0 ? order : order.toReversed()) {
      signal?.throwIfAborted();
      samples[i].push(await runs[i]());
    }
  }
  return samples;
}

/** The ratios of two who raced, theirs over ours, a round each. */
export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((seconds, round) => theirs[round] / seconds);
}

/**
 * Speed of ours over the speed of theirs: the median of the rounds' own ratios, with their interval.
 * A machine that changes its pace in the middle shifts the times of both, and few of the ratios.
 */
export function speedOf(ours: readonly number[], theirs: readonly number[]): Estimate {
  return median(ratios(ours, theirs));
}
