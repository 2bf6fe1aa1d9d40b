/**
 * A timed interval on a lane: what the simulator predicts and the Gantt chart draws.
 *
 * @module
 */

/** What a lane does during a span. */
export type SpanClass = "compute" | "communication" | "waiting";

/**
 * A stream of a device. Exchanges share one "communication" stream or have one for each kind of
 * group: "tensor", "context", "experts", "data", "pipeline"; "copy" moves between device and host,
 * "host" is the processor that issues kernels.
 */
export type SpanStream =
  | "compute"
  | "communication"
  | "tensor"
  | "context"
  | "experts"
  | "data"
  | "pipeline"
  | "copy"
  | "host";

/** A timed interval. Spans of one lane never overlap. */
export interface Span {
  /** Rank of the device. */
  rank: number;
  /** Stream of the device: one lane is one (rank, stream). */
  stream: SpanStream;
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

/** Spans by start, rank, stream and end. */
export function bySpanStart(a: Span, b: Span): number {
  return a.startSeconds - b.startSeconds || a.rank - b.rank ||
    (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : 0) || a.endSeconds - b.endSeconds;
}
