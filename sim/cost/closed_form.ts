/**
 * The time of a training step without its events, in tens of microseconds.
 *
 * What an operation takes is a sum over layers; where tokens travel beside other work, and where
 * parameters are sharded, it is a run of the operation's items on one rank (`closed_line.ts`). The
 * pipeline is a closed form where there is one and a sweep over a few rounds where there is none
 * (`sim/pipeline/seconds.ts`). What data ranks exchange once a step lengthens the ends of the chunks'
 * work, and a sweep over those rounds says how much of that the step feels.
 *
 * The events (`sim/step`) are the reference: on plans of all kinds, no two exchanges sharing a port,
 * both agree within 2 %. Exchanges that share a port, and routing that is uneven from rank to rank,
 * are for the events alone.
 *
 * @module
 */
import type { PipelineCosts } from "../pipeline/costs.ts";
import { bareRun } from "../pipeline/seconds.ts";
import type { BareRun } from "../pipeline/seconds_extrapolated.ts";
import type { PairRule } from "../pipeline/compiled.ts";
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

export type { ExposedSeconds } from "./closed_busy.ts";
export * from "./closed_phase.ts";

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

/**
 * Seconds of every chunk's phases on every stage, where they run alone. Sends that do not run beside
 * kernels lengthen the operation that they end.
 */
export function pipelineCosts(costs: CostedStep, plan: Plan, machine: Machine): PipelineCosts {
  const site = { plan, machine };
  return operationCosts(chunksOf(costs, site), costs, site);
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

/**
 * Step time in closed form.
 *
 * @param known The plan's pipeline, where a plan with the same one was priced before.
 * @throws {UserError} where the schedule cannot have so many micro-batches.
 *
 * @example
 * ```ts
 * import {
 *   baseStack, closedForm, completePlan, machineOf, parsePlan, simulateStep, type Sizes, stepCosts,
 * } from "@moelab/moelab/sim";
 * import { assert, assertAlmostEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   moe: { experts: 16, topK: 2, width: 2048, sharedWidth: 0, firstDense: 0, every: 1 },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const plan = completePlan(parsePlan("pp=2,ep=8"), { devices: 16, sizes, workload });
 * const machine = machineOf("h100:16", "bf16").machine(baseStack);
 * const input = { sizes, plan, workload, machine };
 * const time = closedForm(stepCosts(input), plan, machine);
 * const events = simulateStep(input, { contention: false });
 * assertAlmostEquals(time.stepSeconds / events.stepSeconds, 1, 0.01);
 * assert(time.exposed.tokenSeconds > 0 && time.bubbleSeconds > 0);
 * ```
 */
export function closedForm(
  costs: CostedStep,
  plan: Plan,
  machine: Machine,
  known?: PipelineTime,
): StepTime {
  const site = { plan, machine };
  const { microBatches, fixedSeconds } = costs;
  const { chunks, rule, times, run } = known ?? pipelineTime(costs, plan, machine);
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
