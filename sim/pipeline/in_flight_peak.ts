/**
 * Activations that wait for their backward pass, without running the pipeline.
 *
 * @module
 */
import type { ScheduleName } from "../plan/plan.ts";
import { interleavedAhead } from "./interleaved.ts";
import { pipelineShape, type ScheduleOptions } from "./schedule.ts";
import { vHalfLimit, vMinLimit } from "./vee.ts";
import { forwardsAhead } from "./zero_bubble.ts";

/**
 * The most activations that a stage holds at once, in units of what one micro-batch leaves on a
 * whole stage: what {@linkcode inFlight} counts.
 *
 * `keptForWeight` is as there. It is exact for the default, 1; below, the zb schedules are exact
 * too, and the v schedules and dualpipe give the figure for 1, which they reach where there are
 * three rounds of micro-batches and more.
 *
 * @throws {UserError} for an unknown name, and for sizes that the schedule cannot have.
 *
 * @example
 * ```ts
 * import { inFlightPeak } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const size = { stages: 8, microBatches: 32 };
 * assertEquals(inFlightPeak("1f1b", { ...size, stage: 0 }), 8);
 * assertEquals(inFlightPeak("interleaved", { ...size, chunks: 2, stage: 0 }), 11.5);
 * assertEquals(inFlightPeak("v-min", { ...size, stage: 0 }), 4);
 * ```
 */
export function inFlightPeak(
  name: ScheduleName,
  options: ScheduleOptions & { stage: number; keptForWeight?: number },
): number {
  const shape = pipelineShape(name, options);
  const { stages, microBatches, chunks } = shape;
  const { stage, keptForWeight = 1 } = options;
  const zeroBubble = (limit: number) => {
    const held = Math.min(forwardsAhead(stages, limit)[stage] + 1, microBatches);
    return held + keptForWeight * (Math.min(limit, microBatches) - held);
  };
  switch (name) {
    case "gpipe":
      return microBatches;
    case "1f1b":
      return Math.min(stages - stage, microBatches);
    case "interleaved": {
      const ahead = interleavedAhead(shape, { stage, group: options.group ?? stages });
      return Math.min(ahead + 1, microBatches * chunks) / chunks;
    }
    case "zb-h1":
      return zeroBubble(stages);
    case "zb-bounded":
      return zeroBubble(options.limit ?? 2 * stages - 1);
    case "zb-v":
      return Math.min(stages, microBatches);
    case "v-half":
      return Math.min(vHalfLimit(stages) / 2, microBatches);
    case "v-min":
      return Math.min(vMinLimit(stages) / 2, microBatches);
    case "dualpipe":
      return stages + 1;
    case "dualpipe-v":
      return stages + 0.5;
  }
}
