/**
 * Where the time of a step in closed form goes: parts that add up to it, and what they hide.
 *
 * @module
 */
import { closedForm, hostStretch, kernelSeconds, type StepTime } from "../cost/closed_form.ts";
import type { Machine } from "../cost/machine.ts";
import type { LayerCost, LayerPhase } from "../cost/phases.ts";
import type { Sizes } from "../cost/sizes.ts";
import { type CostedStep, stepCosts } from "../cost/step_costs.ts";
import type { Workload } from "../cost/workload.ts";
import { scheduleFacts } from "../pipeline/schedule.ts";
import type { Plan } from "../plan/plan.ts";

/** Where the time of a step goes, seconds of the slowest stage; the parts add up to the step. */
export interface StepParts {
  /** Norms, attention, its products, embedding, output layer and loss. */
  mixerSeconds: number;
  /** Dense feed-forward networks. */
  ffnSeconds: number;
  /** Routed experts. */
  expertSeconds: number;
  /** Shared experts. */
  sharedSeconds: number;
  /** Router, order of tokens, packing and unpacking. */
  routingSeconds: number;
  /** What the device waits for its host and between kernels. */
  hostSeconds: number;
  /** Tensor-parallel exchanges that nothing hides. */
  tensorSeconds: number;
  /** Exchanges of context ranks that nothing hides. */
  contextSeconds: number;
  /** Tokens to their experts and back, as far as nothing hides it. */
  tokenSeconds: number;
  /** Sharded parameters and gradients of every micro-batch, and sends that block. */
  shardSeconds: number;
  /** What the slowest stage waits for others. */
  bubbleSeconds: number;
  /** Gradients and parameters once a step, as far as nothing hides it. */
  dataSeconds: number;
  /** The optimiser. */
  updateSeconds: number;
  /** Host work, data and logging of every step. */
  fixedSeconds: number;
}

/** Exchanges of the slowest stage that run beside its kernels; they are in no part of the step. */
export type HiddenParts = Pick<
  StepParts,
  "tensorSeconds" | "contextSeconds" | "tokenSeconds" | "shardSeconds" | "dataSeconds"
>;

/** A step in closed form with its parts. */
export interface PartedStep {
  /** The step. */
  time: StepTime;
  /** Its parts. */
  parts: StepParts;
  /** What is hidden behind them. */
  hidden: HiddenParts;
  /** FLOP that a device of the slowest stage does, recomputation included. */
  deviceFlops: number;
  /** What its layers cost. */
  costs: CostedStep;
}

const phasesOf = (layer: LayerCost): LayerPhase[] => [
  layer.forward,
  layer.backwardInput,
  layer.backwardWeight,
];

/**
 * The parts of a step; the plan is complete and holds (see `completePlan`).
 *
 * @throws {UserError} where the schedule cannot have so many micro-batches.
 *
 * @example
 * ```ts
 * import {
 *   baseStack, completePlan, machineOf, parsePlan, type Sizes, stepParts,
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
 * const { time, parts } = stepParts({ sizes, plan, workload, machine });
 * const sum = Object.values(parts).reduce((a, b) => a + b, 0);
 * assertAlmostEquals(sum / time.stepSeconds, 1, 1e-8);
 * assert(parts.tokenSeconds > 0 && parts.bubbleSeconds > 0);
 * ```
 */
export function stepParts(
  input: { sizes: Sizes; plan: Plan; workload: Workload; machine: Machine },
): PartedStep {
  const { plan, machine } = input;
  const costs = stepCosts(input);
  const time = closedForm(costs, plan, machine);
  const { slowestStage, exposed } = time;
  const busy = {
    ...{ mixerSeconds: 0, ffnSeconds: 0, expertSeconds: 0, sharedSeconds: 0, routingSeconds: 0 },
    ...{ hostSeconds: 0, tensorSeconds: 0, contextSeconds: 0 },
  };
  const hidden = { tensorSeconds: 0, contextSeconds: 0, tokenSeconds: 0, shardSeconds: 0 };
  // With two copies of the model, a micro-batch passes one of them.
  const times = costs.microBatches / scheduleFacts[plan.schedule].copies;
  let deviceFlops = 0;
  const layers = costs.stages[slowestStage].flatMap((chunk) => chunk.layers);
  for (const phase of layers.flatMap(phasesOf)) {
    busy.mixerSeconds += times * phase.mixerSeconds;
    busy.ffnSeconds += times * phase.ffnSeconds;
    busy.expertSeconds += times * phase.expertSeconds;
    busy.sharedSeconds += times * phase.sharedSeconds;
    busy.routingSeconds += times * (phase.routeSeconds + phase.mergeSeconds);
    busy.hostSeconds += times * kernelSeconds(phase) * (hostStretch(phase, machine) - 1);
    busy.tensorSeconds += times * phase.tensorSeconds;
    busy.contextSeconds += times * phase.contextSeconds;
    hidden.tensorSeconds += times * phase.tensorHiddenSeconds;
    hidden.contextSeconds += times * phase.contextHiddenSeconds;
    hidden.tokenSeconds += times * (phase.dispatchSeconds + phase.combineSeconds);
    hidden.shardSeconds += times * (phase.gatherSeconds + phase.scatterSeconds);
    deviceFlops += times * phase.flops;
  }
  const { gradientSeconds, parameterSeconds } = costs.perStep[slowestStage];
  return {
    time,
    parts: {
      ...busy,
      tokenSeconds: exposed.tokenSeconds,
      shardSeconds: exposed.shardSeconds + exposed.sendSeconds,
      bubbleSeconds: time.bubbleSeconds,
      dataSeconds: time.dataSeconds,
      updateSeconds: time.updateSeconds,
      fixedSeconds: costs.fixedSeconds,
    },
    hidden: {
      ...hidden,
      tokenSeconds: Math.max(0, hidden.tokenSeconds - exposed.tokenSeconds),
      shardSeconds: Math.max(0, hidden.shardSeconds - exposed.shardSeconds),
      dataSeconds: Math.max(0, gradientSeconds + parameterSeconds - time.dataSeconds),
    },
    deviceFlops,
    costs,
  };
}
