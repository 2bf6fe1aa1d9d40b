/**
 * Schedules without interleaving that split the backward pass (arXiv 2401.10241): ZB-H1 holds as
 * many activations as 1F1B does; "zb-bounded" holds as many as it is allowed to, which is ZB-H2 at
 * a limit of 2p - 1, where no stage waits between its first operation and its last.
 *
 * @module
 */
import type { ListRule } from "./list_scheduler.ts";
import type { PipelineShape } from "./program.ts";

/** Forwards that each stage runs before its first backward. */
export function forwardsAhead(stages: number, limit: number): number[] {
  return Array.from(
    { length: stages },
    (_, stage) => stages === 1 ? 0 : Math.floor((limit - 1) * (stages - 1 - stage) / (stages - 1)),
  );
}

/**
 * The rule of both: the order of 1F1B with `limit - 1` forwards ahead on the first stage, fewer by
 * equal steps on the following ones, and none on the last.
 */
export function zeroBubbleRule({ stages }: PipelineShape, limit: number): ListRule {
  const ahead = forwardsAhead(stages, limit);
  return {
    rank: (phase, { stage, microBatch }) =>
      phase === "F" ? 2 * (microBatch - ahead[stage]) : 2 * microBatch + 1,
    strict: true,
    limit,
    reserve: () => 0,
    patience: 0,
  };
}
