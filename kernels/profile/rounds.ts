/**
 * Rounds over the shapes of a profile: one sample of every corner in each, and which rounds met the
 * machine in its most common state.
 *
 * @module
 */
import { gridCorners } from "../base/profile_schema.ts";
import type { Pool } from "../tensor.ts";
import { runTimed } from "../time.ts";
import type { Prepared, Sweep } from "./sweep.ts";

/** A sweep with its inputs on the device and the samples taken so far. */
export interface Running {
  /** What is run. */
  sweep: Sweep;
  /** Its corners. */
  grid: Record<string, number>[];
  /** Its inputs and how to record a corner. */
  prepared: Prepared;
  /** Seconds by corner and round. */
  samples: number[][];
}

/** Puts a sweep's inputs on the device. */
export function prepare(pool: Pool, sweep: Sweep): Running {
  const grid = gridCorners(sweep.axes);
  return { sweep, grid, prepared: sweep.prepare(pool), samples: grid.map(() => []) };
}

/**
 * An order of `n` corners in which neighbours have little in common: steps of about the golden
 * ratio. In the order of the grid, a corner would find its operands in the cache, where the corner
 * before left them; in a model, other layers have run since.
 */
export function spreadOrder(n: number): number[] {
  const divisor = (a: number, b: number): number => b === 0 ? a : divisor(b, a % b);
  let step = Math.max(1, Math.round(0.618 * n));
  while (divisor(step, n) !== 1) step++;
  return Array.from({ length: n }, (_, i) => i * step % n);
}

/** Runs every corner of a sweep once, all in one recording. */
export async function sampleOnce(pool: Pool, { grid, prepared }: Running): Promise<number[]> {
  const times = await runTimed(pool, (recorder) => {
    for (const i of spreadOrder(grid.length)) {
      pool.release(...prepared.record(recorder, grid[i], `${i}`));
    }
  });
  const seconds = grid.map(() => 0);
  for (const t of times) {
    // Launches of one corner may say more behind its number; setup is -1, and products have names.
    const corner = Number.parseInt(t.label);
    if (corner >= 0) seconds[corner] += t.endSeconds - t.startSeconds;
  }
  return seconds.map((s) => Math.max(s, 1e-9));
}

/** Rounds of one state of the machine differ by no more than this factor. */
const SAME_STATE = 1.15;

/**
 * The rounds in which the machine was in its most common state: the largest set whose totals differ
 * by 15 % at most, the fastest of equals. A round is judged as a whole, never by a single sample.
 */
export function onPace(totals: readonly number[]): number[] {
  const within = (low: number) =>
    totals.flatMap((t, round) => t >= low && t <= SAME_STATE * low ? [round] : []);
  const ascending = totals.toSorted((a, b) => a - b);
  return ascending.map(within).reduce((best, set) => set.length > best.length ? set : best, []);
}
