/**
 * What the slowest stage of a pipeline works, and which exchanges it waits for meanwhile.
 *
 * @module
 */
import { scheduleFacts } from "../pipeline/schedule.ts";
import type { Plan } from "../plan/plan.ts";
import type { ChunkSeconds, OperationCosts } from "./closed_chunk.ts";

/** Exchanges that a stage waits for, over all micro-batches. */
export interface ExposedSeconds {
  /** Tokens on their way to their experts and back. */
  tokenSeconds: number;
  /** Sharded parameters and their gradients (ZeRO 3). */
  shardSeconds: number;
  /** Activations on their way to other stages, where kernels wait for them. */
  sendSeconds: number;
}

/** The work of a stage. */
export interface StageWork {
  /** The stage, from 0. */
  stage: number;
  /** Seconds of all micro-batches. */
  busySeconds: number;
  /** What of that is exchanges. */
  exposed: ExposedSeconds;
}

/** Seconds of a micro-batch on a stage, its operations in pairs where they overlap. */
function workOf(stage: number, { forward, backward, pairs }: OperationCosts): number {
  const count = forward[stage].length;
  let work = 0;
  for (let c = 0; c < count; c++) {
    // The chunk of the forward pass and, on the way back, the one that mirrors it.
    work += pairs
      ? pairs.whole[(stage * count + c) * count + count - 1 - c]
      : forward[stage][c] + backward[stage][c];
  }
  return work;
}

/** Share of exchanges between data ranks in all exchanges of a micro-batch, were none hidden. */
function shardShare(chunks: readonly ChunkSeconds[]): number {
  let shards = 0;
  let all = 0;
  for (const { runs } of chunks) {
    for (const { layer: { forward, backwardInput, backwardWeight }, count, tokens } of runs) {
      const own = forward.gatherSeconds + backwardInput.gatherSeconds +
        backwardWeight.scatterSeconds;
      shards += count * own;
      all += count * (own + tokens);
    }
  }
  return all > 0 ? shards / all : 0;
}

/** The work of the slowest stage. */
export function slowestWork(
  chunks: readonly (readonly ChunkSeconds[])[],
  costs: OperationCosts,
  of: { plan: Plan; microBatches: number; pipelineSeconds: number },
): StageWork {
  const { plan, microBatches, pipelineSeconds } = of;
  let stage = 0;
  let slowest = 0;
  for (let s = 0; s < chunks.length; s++) {
    const work = workOf(s, costs);
    if (work > slowest) [stage, slowest] = [s, work];
  }
  // With two copies of the model, a micro-batch passes one of them.
  const passes = microBatches / scheduleFacts[plan.schedule].copies;
  const busySeconds = chunks.length === 1
    ? pipelineSeconds
    : Math.min(pipelineSeconds, passes * slowest);
  let staying = 0;
  let sends = 0;
  chunks[stage].forEach((chunk, c) => {
    staying += passes * chunk.staying;
    sends += passes * (costs.forward[stage][c] - chunk.forward + costs.backwardInput[stage][c] -
      chunk.input);
  });
  const exchanges = Math.max(0, busySeconds - staying);
  const sendSeconds = Math.min(exchanges, sends);
  const shardSeconds = plan.zero === 3 ? (exchanges - sendSeconds) * shardShare(chunks[stage]) : 0;
  const tokenSeconds = exchanges - sendSeconds - shardSeconds;
  return { stage, busySeconds, exposed: { tokenSeconds, shardSeconds, sendSeconds } };
}
