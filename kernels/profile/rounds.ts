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
import type { Dims, Prepared, Sweep } from "./sweep.ts";

/** A sweep with its inputs on the device and the samples taken so far. */
export interface Running {
  /** What is run. */
  sweep: Sweep;
  /** Its inputs and how to record a corner. */
  prepared: Prepared;
  /** The corners of its grid. */
  grid: Corner[];
  /** The corners of its begun tiles. */
  begun: Corner[];
}

/** A shape, and what was measured of it. */
export interface Corner {
  /** Its dimensions; `evenly` is 1 where each group has its rows in one piece. */
  dims: Dims;
  /** Seconds by round. */
  seconds: number[];
  /** Launches that take them, once it ran. */
  launches?: number;
}

/** Puts a sweep's inputs on the device. */
export function prepare(pool: Pool, sweep: Sweep): Running {
  const cornersOf = (axes: Sweep["axes"], fixed: Dims = {}) =>
    gridCorners(axes).map((dims): Corner => ({ dims: { ...fixed, ...dims }, seconds: [] }));
  const { groups = 0, rows = 0, axes } = sweep.begun ?? {};
  return {
    sweep,
    prepared: sweep.prepare(pool),
    grid: cornersOf(sweep.axes),
    begun: axes ? cornersOf(axes, { groups, m: groups * rows, evenly: 1 }) : [],
  };
}

/** The label of what is measured: launches of a corner may say more behind it. */
const TIMED = "timed";

/** A corner of a sweep as a part of a recording. */
export const cornerPart = ({ prepared }: Running, { dims }: Corner): RecordedPart => (recorder) =>
  recorder.pool.release(...prepared.record(recorder, dims, TIMED));

const timedOnes = (times: readonly LaunchTime[]) =>
  times.filter(({ label }) => label.startsWith(TIMED));

/** Seconds that a part of {@linkcode cornerPart} took, at least a nanosecond. */
export function cornerSeconds(times: readonly LaunchTime[]): number {
  const seconds = timedOnes(times).reduce((sum, t) => sum + t.endSeconds - t.startSeconds, 0);
  return Math.max(seconds, 1e-9);
}

/** Counts a round of a corner. */
export function takeCorner(corner: Corner, times: readonly LaunchTime[]): void {
  corner.seconds.push(cornerSeconds(times));
  corner.launches = timedOnes(times).length;
}

/** Seconds between the launches of a part. */
export const gapsOf = (times: readonly LaunchTime[]): number[] =>
  times.slice(1).map((next, i) => next.startSeconds - times[i].endSeconds);
