/**
 * Schedules on a V: each stage holds two chunks, and the second comes back up the stages ("Pipeline
 * Parallelism with Controllable Memory", arXiv 2405.15362).
 *
 * The paper builds them from a *block*: the times of one micro-batch's operations, repeated every
 * six units (two chunks of F, B and W each). How steeply a block runs over the stages says how long
 * activations wait, so the slope sets the memory: 4 units a stage for all four passes together is
 * the least (V-min, a third of 1F1B), 12 the most (ZB-V, as much as 1F1B).
 *
 * Here the times of a block are ranks: they say who goes first, and what waits fills with weight
 * gradients. ZB-V keeps to the order of its block, in which a stage runs F0, F1, B1, B0 back to
 * back: their times differ by 1 modulo 6 on every stage. V-half and V-min take what is ready; with
 * their limits the block alone leaves more idle time than the paper's search does.
 *
 * @module
 */
import type { ListRule } from "./list_scheduler.ts";
import type { PipelineShape } from "./program.ts";

/** Units of a block: six operations of one unit each. */
const PERIOD = 6;

/** Units from one stage to the next, for F0 down, F1 up, B1 down and B0 up. */
type Slopes = readonly [f0: number, f1: number, b1: number, b0: number];

/** Times of the operations of micro-batch 0, each pass one unit after the end of the last. */
function blockRank(stages: number, slopes: Slopes): ListRule["rank"] {
  const [f0, f1, b1, b0] = slopes;
  const far = stages - 1;
  const startF1 = f0 * far + 1;
  const startB1 = startF1 + f1 * far + 1;
  const startB0 = startB1 + b1 * far + 1;
  return (phase, { stage, chunk, microBatch }) => {
    const up = far - stage;
    const time = phase === "F"
      ? chunk === 0 ? f0 * stage : startF1 + f1 * up
      : chunk === 1
      ? startB1 + b1 * stage
      : startB0 + b0 * up;
    return PERIOD * microBatch + time;
  };
}

/** Chunk activations that chunk 0 leaves to chunk 1: one on stage 0, half of all on the last. */
function rising(stages: number, limit: number): (stage: number) => number {
  const most = limit / 2 - 1;
  return (stage) => Math.max(1, Math.round(1 + (most - 1) * stage / Math.max(1, stages - 1)));
}

/** ZB-V: no stage waits after its first operation where F, B and W take equally long. */
export function zbvRule({ stages }: PipelineShape): ListRule {
  const rank = blockRank(stages, [1, 5, 1, 5]);
  return { rank, strict: true, limit: 2 * stages, reserve: () => 0, patience: 0 };
}

/** V-half: p + 2 chunks, half of what 1F1B holds and one stage more. */
export function vHalfRule({ stages }: PipelineShape): ListRule {
  const limit = vHalfLimit(stages);
  const rank = blockRank(stages, [3, 3, 3, 3]);
  return { rank, strict: false, limit, reserve: rising(stages, limit), patience: 0 };
}

/** V-min: a third of what 1F1B holds and one stage more. */
export function vMinRule({ stages }: PipelineShape): ListRule {
  const limit = vMinLimit(stages);
  // With a multiple of three stages, passes of the least slope meet on the same units.
  const slope = stages % 3 === 0 ? 2 : 1;
  const rank = blockRank(stages, [slope, slope, slope, slope]);
  return { rank, strict: false, limit, reserve: rising(stages, limit), patience: 0 };
}

/** Chunk activations of V-half. */
export function vHalfLimit(stages: number): number {
  return stages + 2;
}

/** Chunk activations of V-min. */
export function vMinLimit(stages: number): number {
  return 2 * Math.ceil(stages / 3) + 2;
}
