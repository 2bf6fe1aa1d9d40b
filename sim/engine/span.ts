/**
 * A timed interval on a lane: what the simulator predicts and the Gantt chart draws.
 *
 * @module
 */

/** What a lane does during a span. */
export type SpanClass = "compute" | "communication" | "waiting";

/** A timed interval. Spans of one lane never overlap. */
export interface Span {
  /** Rank of the device. */
  rank: number;
  /** Stream of the device: one lane is one (rank, stream). */
  stream: "compute" | "communication";
  /** What happens, such as "experts" or "all-to-all dispatch". */
  name: string;
  /** Class, for colour and shares. */
  class: SpanClass;
  /** Seconds since the start of the simulation. */
  startSeconds: number;
  /** Seconds since the start of the simulation, at least `startSeconds`. */
  endSeconds: number;
  /** Bytes sent or FLOP done, where it says something. */
  bytes?: number;
  /** FLOP done. */
  flops?: number;
}
