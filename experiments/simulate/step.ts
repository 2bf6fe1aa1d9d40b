/**
 * The time of a simulated step in closed form, and where it goes.
 *
 * @module
 */
import {
  closedForm,
  exposedTokens,
  hostStretch,
  kernelSeconds,
  phaseSeconds,
  pipelineCosts,
} from "../../sim/cost/closed_form.ts";
import type { Machine } from "../../sim/cost/machine.ts";
import type { LayerCost, LayerPhase } from "../../sim/cost/phases.ts";
import { type CostedStep, stepCosts } from "../../sim/cost/step_costs.ts";
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

/** A step in closed form. */
export interface ClosedStep {
  /** The step. */
  stepSeconds: number;
  /** Its parts. */
  breakdown: Breakdown;
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

/** Share of a sum that the order of its terms may change. */
const rounding = 1e-9;

const phasesOf = (layer: LayerCost): LayerPhase[] => [
  layer.forward,
  layer.backwardInput,
  layer.backwardWeight,
];

/** The stage with the most work, as the closed form chooses it. */
function slowestStage(costs: CostedStep, { plan }: Simulation, machine: Machine): number {
  const { forward, backwardInput, backwardWeight } = pipelineCosts(costs, plan, machine);
  const sum = (chunks: readonly number[]) => chunks.reduce((a, b) => a + b, 0);
  const work = costs.stages.map((_, s) =>
    sum(forward[s]) + sum(backwardInput[s]) + sum(backwardWeight[s])
  );
  return work.indexOf(Math.max(...work));
}

/** The step of a simulation in closed form, with its parts. */
export function closedStep(simulation: Simulation, machine: Machine): ClosedStep {
  const { sizes, plan, workload } = simulation;
  const costs = stepCosts({ sizes, plan, workload, machine });
  const time = closedForm(costs, plan, machine);
  const stage = slowestStage(costs, simulation, machine);
  const busy = {
    ...{ mixerSeconds: 0, ffnSeconds: 0, expertSeconds: 0, sharedSeconds: 0, routingSeconds: 0 },
    ...{ hostSeconds: 0, tensorSeconds: 0, contextSeconds: 0, tokenSeconds: 0 },
  };
  // DualPipe holds every part twice: a micro-batch passes one of the two copies.
  const times = costs.microBatches / (plan.schedule === "dualpipe" ? 2 : 1);
  let whole = 0;
  let deviceFlops = 0;
  for (const phase of costs.stages[stage].flatMap(({ layers }) => layers).flatMap(phasesOf)) {
    const kernels = kernelSeconds(phase);
    busy.mixerSeconds += times * phase.mixerSeconds;
    busy.ffnSeconds += times * phase.ffnSeconds;
    busy.expertSeconds += times * phase.expertSeconds;
    busy.sharedSeconds += times * phase.sharedSeconds;
    busy.routingSeconds += times * (phase.routeSeconds + phase.mergeSeconds);
    busy.hostSeconds += times * kernels * (hostStretch(phase, machine) - 1);
    busy.tensorSeconds += times * phase.tensorSeconds;
    busy.contextSeconds += times * phase.contextSeconds;
    busy.tokenSeconds += times * exposedTokens(phase, plan, machine);
    whole += times * phaseSeconds(phase, plan, machine);
    deviceFlops += times * phase.flops;
  }
  const remainder = time.busySeconds - whole;
  return {
    stepSeconds: time.stepSeconds,
    breakdown: {
      ...busy,
      shardSeconds: remainder > rounding * time.busySeconds ? remainder : 0,
      bubbleSeconds: time.bubbleSeconds,
      dataSeconds: time.dataSeconds,
      updateSeconds: time.updateSeconds,
      fixedSeconds: costs.fixedSeconds,
    },
    slowestStage: stage,
    deviceFlops,
  };
}
