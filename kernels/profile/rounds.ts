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

/** Seconds that a part of {@linkcode cornerPart} took, at least a nanosecond. */
export function cornerSeconds(times: readonly LaunchTime[]): number {
  const timed = times.filter(({ label }) => label.startsWith(TIMED));
  return Math.max(timed.reduce((sum, t) => sum + t.endSeconds - t.startSeconds, 0), 1e-9);
}
