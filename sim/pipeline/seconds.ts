/**
 * How long a pipeline takes, in microseconds of computing: for searches that price thousands of
 * plans.
 *
 * @module
 */
import type { ScheduleName } from "../plan/plan.ts";
import { checkGroups } from "./interleaved.ts";
import type { PipelineCosts } from "./costs.ts";
import { pipelineShape } from "./schedule.ts";
import { gpipeSeconds, oneForwardOneBackwardSeconds } from "./seconds_1f1b.ts";
import {
  addedTo,
  type BareRun,
  extrapolatedRun,
  type PipelineRun,
} from "./seconds_extrapolated.ts";
import { interleavedSeconds } from "./seconds_interleaved.ts";
import type { Surroundings } from "./sweep.ts";

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

function wholeBackward({ backward, backwardInput, backwardWeight }: PipelineCosts) {
  return backward ??
    backwardInput.map((chunks, s) => chunks.map((seconds, c) => seconds + backwardWeight[s][c]));
}

/** Seconds of a pipeline where there is a closed form, or undefined. */
function closedSeconds(name: ScheduleName, options: PipelineRun): number | undefined {
  const shape = pipelineShape(name, options);
  const { stages, microBatches } = shape;
  const { costs, pairs } = options;
  const { forward, sendSeconds } = costs;
  if (pairs === "followed") return undefined;
  if (name === "gpipe" || (name === "1f1b" && microBatches >= stages)) {
    const of = {
      forward: forward.map(([seconds]) => seconds),
      backward: wholeBackward(costs).map(([seconds]) => seconds),
      ...{ sendSeconds, microBatches },
    };
    return name === "gpipe" ? gpipeSeconds(of) : oneForwardOneBackwardSeconds(of);
  }
  if (name !== "interleaved") return undefined;
  const group = options.group ?? stages;
  checkGroups(shape, group);
  const backward = wholeBackward(costs);
  const among = microBatches < MANY_GROUPS * group ? "all" : "stage";
  return alike(forward, among) && alike(backward, among) && microBatches % group === 0
    ? interleavedSeconds({ forward, backward, sendSeconds, microBatches, group })
    : undefined;
}

/**
 * What each stage does after its operations, as far as the step feels it: in schedules with a closed
 * form the last backward pass climbs the stages, and the work behind it begins a pass later on each.
 */
function feltAfter({ costs }: PipelineRun, after: readonly number[]): number {
  const backward = wholeBackward(costs);
  let climbed = 0;
  let felt = 0;
  for (let s = 0; s < after.length; s++) {
    felt = Math.max(felt, after[s] - climbed);
    climbed += backward[s][0] + costs.sendSeconds;
  }
  return felt;
}

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
export function pipelineSeconds(name: ScheduleName, options: PipelineRun): number {
  return closedSeconds(name, options) ?? extrapolatedRun(name, options).seconds;
}

/** The same with what surroundings of the operations add. */
export function bareRun(name: ScheduleName, options: PipelineRun): BareRun {
  const seconds = closedSeconds(name, options);
  if (seconds === undefined) return extrapolatedRun(name, options);
  const addedByEnds = addedTo(name, options);
  const added = ({ ends, after }: Surroundings) => {
    if (ends !== undefined) return addedByEnds({ ends, after });
    return after === undefined ? 0 : feltAfter(options, after);
  };
  return { seconds, added };
}
