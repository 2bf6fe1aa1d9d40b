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
import type { Plan } from "../plan/plan.ts";
import { chunksOf, operationCosts } from "./closed_chunk.ts";
import { pipelineTime, type StepTime, stepTime } from "./closed_step.ts";
import type { Machine } from "./machine.ts";
import type { CostedStep } from "./step_costs.ts";

export type { ExposedSeconds } from "./closed_busy.ts";
export * from "./closed_phase.ts";
export type { StepTime } from "./closed_step.ts";

/**
 * Seconds of every chunk's phases on every stage, where they run alone. Sends that do not run beside
 * kernels lengthen the operation that they end.
 */
export function pipelineCosts(costs: CostedStep, plan: Plan, machine: Machine): PipelineCosts {
  const site = { plan, machine };
  return operationCosts(chunksOf(costs, site), costs, site);
}

/**
 * Step time in closed form.
 *
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
export function closedForm(costs: CostedStep, plan: Plan, machine: Machine): StepTime {
  return stepTime(pipelineTime(costs, plan, machine), costs, { plan, machine });
}
