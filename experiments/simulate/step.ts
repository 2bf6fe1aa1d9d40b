/**
 * The time of a simulated step in closed form, and where it goes.
 *
 * @module
 */
import { closedForm, hostStretch, kernelSeconds } from "../../sim/cost/closed_form.ts";
import type { Machine } from "../../sim/cost/machine.ts";
import type { LayerCost, LayerPhase } from "../../sim/cost/phases.ts";
import { stepCosts } from "../../sim/cost/step_costs.ts";
import { scheduleFacts } from "../../sim/pipeline/schedule.ts";
import type { Simulation } from "./simulation.ts";

/** Where the time of a step goes; the parts add up to the step. */
export interface Breakdown {
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
export type HiddenSeconds = Pick<
  Breakdown,
  "tensorSeconds" | "contextSeconds" | "tokenSeconds" | "shardSeconds" | "dataSeconds"
>;

/** A step in closed form. */
export interface ClosedStep {
  /** The step. */
  stepSeconds: number;
  /** Its parts. */
  breakdown: Breakdown;
  /** What is hidden behind them. */
  hidden: HiddenSeconds;
  /** The stage whose work is longest, from 0. */
  slowestStage: number;
  /** FLOP that a device of the slowest stage does, recomputation included. */
  deviceFlops: number;
}

/** Seconds of a step in closed form alone. */
export function closedSeconds(simulation: Simulation, machine: Machine): number {
  const { sizes, plan, workload } = simulation;
  return closedForm(stepCosts({ sizes, plan, workload, machine }), plan, machine).stepSeconds;
}

const phasesOf = (layer: LayerCost): LayerPhase[] => [
  layer.forward,
  layer.backwardInput,
  layer.backwardWeight,
];

/** The step of a simulation in closed form, with its parts. */
export function closedStep(simulation: Simulation, machine: Machine): ClosedStep {
  const { sizes, plan, workload } = simulation;
  const costs = stepCosts({ sizes, plan, workload, machine });
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
    stepSeconds: time.stepSeconds,
    breakdown: {
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
    slowestStage,
    deviceFlops,
  };
}
