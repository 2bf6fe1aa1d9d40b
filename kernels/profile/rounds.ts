/**
 * Rounds over the shapes of a profile: one sample of every corner in each, and which rounds met the
 * machine in its most common state.
 *
 * @module
 */
import { gridCorners } from "../base/profile_schema.ts";
import type { LaunchTime } from "../recorder.ts";
import type { Pool } from "../tensor.ts";
import type { RecordedPart } from "./recordings.ts";
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

/** The label of what is measured: launches of a corner may say more behind it. */
const TIMED = "timed";

/** A corner of a sweep as a part of a recording. */
export const cornerPart =
  ({ grid, prepared }: Running, corner: number): RecordedPart => (recorder) =>
    recorder.pool.release(...prepared.record(recorder, grid[corner], TIMED));

/** Seconds that a part of {@linkcode cornerPart} took, at least a nanosecond. */
export function cornerSeconds(times: readonly LaunchTime[]): number {
  const timed = times.filter(({ label }) => label.startsWith(TIMED));
  return Math.max(timed.reduce((sum, t) => sum + t.endSeconds - t.startSeconds, 0), 1e-9);
}
