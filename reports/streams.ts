/**
 * The streams of a device in the order in which they are shown, and their short names.
 *
 * @module
 */
import type { Span } from "../sim/engine/span.ts";

/** Short names of streams, in the order in which they are shown. */
export const streamNames: Readonly<Record<Span["stream"], string>> = {
  compute: "compute",
  communication: "comm.",
  tensor: "tensor",
  context: "context",
  experts: "experts",
  data: "data",
  pipeline: "pipeline",
  copy: "copies",
  host: "host",
};

/** Streams in the order in which they are shown. */
export const streamOrder = Object.keys(streamNames) as Span["stream"][];
