/**
 * How long a pipeline takes, in microseconds of computing: for searches that price thousands of
 * plans.
 *
 * @module
 */
import type { ScheduleName } from "../plan/plan.ts";
import { checkGroups } from "./interleaved.ts";
import type { PipelineCosts } from "./makespan.ts";
import { pipelineShape, type ScheduleOptions } from "./schedule.ts";
import { gpipeSeconds, oneForwardOneBackwardSeconds } from "./seconds_1f1b.ts";
import { extrapolatedSeconds } from "./seconds_extrapolated.ts";
import { interleavedSeconds } from "./seconds_interleaved.ts";

/** Chunks that differ by less than this share count as alike. */
const ALIKE = 0.01;

/** Whether the chunks of each stage are alike, or those of all stages. */
function alike(work: readonly (readonly number[])[], among: "stage" | "all"): boolean {
  for (const chunks of work) {
    const first = among === "stage" ? chunks[0] : work[0][0];
    for (let c = 0; c < chunks.length; c++) {
      if (Math.abs(chunks[c] - first) > ALIKE * first) return false;
    }
  }
  return true;
}

/** Groups of micro-batches from which on the closed form is near for uneven stages as well. */
const MANY_GROUPS = 4;

const sums = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) =>
  a.map((chunks, s) => chunks.map((seconds, c) => seconds + b[s][c]));

/**
 * Seconds of a pipeline, near those of `makespan(schedule(name, size), costs)`.
 *
 * GPipe, 1F1B and interleaved 1F1B are closed forms: GPipe exact, the others exact for stages that
 * are alike and lower bounds where they are not. The rest is extrapolated from a few rounds, and so
 * are 1F1B with fewer micro-batches than stages and interleaving of chunks that differ, or of stages
 * that differ and few micro-batches.
 *
 * @throws {UserError} for an unknown name, and for sizes that the schedule cannot have.
 *
 * @example
 * ```ts
 * import { evenCosts, pipelineSeconds } from "@moelab/moelab/sim";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const size = { stages: 8, microBatches: 32, chunks: 2 };
 * const each = { forward: 0.5, backwardInput: 0.5, backwardWeight: 0.5, sendSeconds: 0 };
 * assertAlmostEquals(
 *   pipelineSeconds("interleaved", { ...size, costs: evenCosts(size, each) }),
 *   (32 + 7 / 2) * 3,
 * );
 * ```
 */
export function pipelineSeconds(
  name: ScheduleName,
  options: ScheduleOptions & { costs: PipelineCosts },
): number {
  const shape = pipelineShape(name, options);
  const { stages, microBatches } = shape;
  const { costs } = options;
  const { forward, sendSeconds } = costs;
  if (name === "gpipe" || (name === "1f1b" && microBatches >= stages)) {
    const of = {
      forward: forward.map(([seconds]) => seconds),
      backward: costs.backwardInput.map(([seconds], s) => seconds + costs.backwardWeight[s][0]),
      ...{ sendSeconds, microBatches },
    };
    return name === "gpipe" ? gpipeSeconds(of) : oneForwardOneBackwardSeconds(of);
  }
  if (name === "interleaved") {
    const group = options.group ?? stages;
    checkGroups(shape, group);
    const backward = sums(costs.backwardInput, costs.backwardWeight);
    const among = microBatches < MANY_GROUPS * group ? "all" : "stage";
    if (alike(forward, among) && alike(backward, among) && microBatches % group === 0) {
      return interleavedSeconds({ forward, backward, sendSeconds, microBatches, group });
    }
  }
  return extrapolatedSeconds(name, options);
}
