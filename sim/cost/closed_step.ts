/**
 * The closed form of a step in two parts: its pipeline, which plans share that differ in what data ranks
 * do once a step, and what surrounds it.
 *
 * @module
 */
import type { PairRule } from "../pipeline/compiled.ts";
import { bareRun } from "../pipeline/seconds.ts";
import type { BareRun } from "../pipeline/seconds_extrapolated.ts";
import type { Plan } from "../plan/plan.ts";
import { type ExposedSeconds, slowestWork } from "./closed_busy.ts";
import {
  type ChunkSeconds,
  chunksOf,
  type OperationCosts,
  operationCosts,
} from "./closed_chunk.ts";
import { surroundingsOf } from "./closed_ends.ts";
import { pairRule, pairTimes } from "./closed_pairs.ts";
import { shardedSeconds } from "./closed_shards.ts";
import type { Machine } from "./machine.ts";
import type { CostedStep } from "./step_costs.ts";

/** Where the time of a step goes, seconds of the slowest stage. */
export interface StepTime {
  /** The step. */
  stepSeconds: number;
  /** All micro-batches on the slowest stage. */
  busySeconds: number;
  /** What the slowest stage waits for others. */
  bubbleSeconds: number;
  /** Visible gradient and parameter exchange, once a step. */
  dataSeconds: number;
  /** The optimiser. */
  updateSeconds: number;
  /** The slowest stage, from 0. */
  slowestStage: number;
  /** What of `busySeconds` is exchanges that the stage waits for; the rest is kernels and stops. */
  exposed: ExposedSeconds;
}

/** Seconds of the update, and of the update with the parameters that are gathered behind it. */
function updateOf({ perStep }: CostedStep, { overlap }: Plan): { update: number; last: number } {
  let update = 0;
  let last = 0;
  for (const { updateSeconds, parameterSeconds } of perStep) {
    update = Math.max(update, updateSeconds);
    last = Math.max(last, updateSeconds + (overlap.parameters ? 0 : parameterSeconds));
  }
  return { update, last };
}

/**
 * What the pipeline of a plan takes, whatever data ranks exchange once a step: the same for all plans
 * that differ in sharding below ZeRO 3 and in what hides data ranks alone.
 */
export interface PipelineTime {
  /** Chunks by `[stage][chunk]`. */
  chunks: readonly (readonly ChunkSeconds[])[];
  /** Which operations run in pairs. */
  rule: PairRule;
  /** Their operations. */
  times: OperationCosts;
  /** All of them. */
  run: BareRun;
}

/** The pipeline of a plan; see `closedForm` for its errors. */
export function pipelineTime(costs: CostedStep, plan: Plan, machine: Machine): PipelineTime {
  const site = { plan, machine };
  const chunks = chunksOf(costs, site);
  const rule = pairRule(plan);
  const times = operationCosts(chunks, costs, site);
  if (rule !== "none" && plan.zero < 3) times.pairs = pairTimes(chunks, costs, { ...site, rule });
  const run = bareRun(plan.schedule, {
    ...{ stages: plan.pp, microBatches: costs.microBatches, chunks: chunks[0].length },
    ...{ costs: times, pairs: rule },
  });
  return { chunks, rule, times, run };
}

/** The time of a step whose pipeline is known. */
export function stepTime(
  { chunks, rule, times, run }: PipelineTime,
  costs: CostedStep,
  site: { plan: Plan; machine: Machine },
): StepTime {
  const { plan } = site;
  const { microBatches, fixedSeconds } = costs;
  const addedSeconds = run.added(surroundingsOf(chunks, costs, site));
  const pipelineSeconds = plan.zero === 3
    ? shardedSeconds(chunks[0], site, { microBatches, rule })
    : run.seconds;
  const { update, last } = updateOf(costs, plan);
  const work = slowestWork(chunks, times, { plan, microBatches, pipelineSeconds });
  return {
    stepSeconds: pipelineSeconds + addedSeconds + last + fixedSeconds,
    busySeconds: work.busySeconds,
    bubbleSeconds: pipelineSeconds - work.busySeconds,
    dataSeconds: addedSeconds + last - update,
    updateSeconds: update,
    slowestStage: work.stage,
    exposed: work.exposed,
  };
}
