/**
 * The time of a training step in closed form: no events, tens of microseconds a plan.
 *
 * @module
 */
import type { PipelineCosts } from "../pipeline/makespan.ts";
import { pipelineSeconds } from "../pipeline/seconds.ts";
import type { Plan } from "../plan/plan.ts";
import type { Machine } from "./machine.ts";
import type { LayerCost, LayerPhase, StageStep } from "./phases.ts";
import type { CostedStep } from "./step_costs.ts";

/** How sharply the slower of device and host decides: a norm of this order. */
const sharpness = 6;

/** Kernel seconds of a phase alone. */
export function kernelSeconds(p: LayerPhase): number {
  return p.mixerSeconds + p.ffnSeconds + p.routeSeconds + p.expertSeconds + p.sharedSeconds +
    p.mergeSeconds;
}

/** Factor by which a phase's kernels take longer because a host issues them one by one. */
export function hostStretch(p: LayerPhase, { stack, graphs }: Machine): number {
  const kernels = kernelSeconds(p);
  if (kernels <= 0) return 1;
  const device = kernels + p.kernels * stack.gapSeconds;
  const factor = graphs === "none" ? 1 : stack.graphFactor[graphs];
  const host = p.kernels * stack.hostSeconds * factor;
  const ratio = host / device;
  const longer = ratio < 0.2 ? 1 : (1 + ratio ** sharpness) ** (1 / sharpness);
  return device / kernels * longer;
}

/** Seconds of token exchanges that nothing hides. */
export function exposedTokens(p: LayerPhase, plan: Plan, { stack }: Machine): number {
  const whole = p.dispatchSeconds + p.combineSeconds;
  switch (plan.overlap.experts) {
    case "none":
      return whole;
    case "shared":
      return whole - Math.min(p.dispatchSeconds, p.sharedSeconds);
    default:
      return whole * (1 - stack.hiddenShare.experts);
  }
}

/** Seconds that a phase of a layer blocks its stage for, sharded parameters apart. */
export function phaseSeconds(p: LayerPhase, plan: Plan, machine: Machine): number {
  return kernelSeconds(p) * hostStretch(p, machine) + p.tensorSeconds + p.contextSeconds +
    exposedTokens(p, plan, machine);
}

/** Seconds of an exchange that stay visible beside so much work. */
function exposed(seconds: number, beside: number, hiddenShare: number): number {
  return Math.max(seconds - beside, seconds * (1 - hiddenShare));
}

interface ChunkSeconds {
  forward: number;
  input: number;
  weight: number;
}

function chunkSeconds(layers: readonly LayerCost[], plan: Plan, machine: Machine): ChunkSeconds {
  const total = { forward: 0, input: 0, weight: 0 };
  let gather = 0;
  let gatherBack = 0;
  let scatter = 0;
  // Equal layers share a record and follow each other.
  let last: LayerCost | undefined;
  let forward = 0;
  let input = 0;
  let weight = 0;
  for (const layer of layers) {
    if (layer !== last) {
      forward = phaseSeconds(layer.forward, plan, machine);
      input = phaseSeconds(layer.backwardInput, plan, machine);
      weight = phaseSeconds(layer.backwardWeight, plan, machine);
      last = layer;
    }
    total.forward += forward;
    total.input += input;
    total.weight += weight;
    gather += layer.forward.gatherSeconds;
    gatherBack += layer.backwardInput.gatherSeconds;
    scatter += layer.backwardWeight.scatterSeconds;
  }
  if (gather > 0) {
    const { parameters, gradients } = machine.stack.hiddenShare;
    total.forward += exposed(gather, total.forward, plan.overlap.parameters ? parameters : 0);
    const back = total.input + total.weight;
    const share = plan.overlap.gradients ? Math.min(parameters, gradients) : 0;
    total.weight += exposed(gatherBack + scatter, back, share);
  }
  return total;
}

/** Where the time of a step goes, seconds of the slowest stage. */
export interface StepTime {
  /** The step. */
  stepSeconds: number;
  /** All micro-batches on the slowest stage. */
  busySeconds: number;
  /** What the slowest stage waits for others. */
  bubbleSeconds: number;
  /** Visible gradient and parameter exchange. */
  dataSeconds: number;
  /** The optimiser. */
  updateSeconds: number;
}

/**
 * Seconds of every chunk's phases on every stage. Sends that do not run beside kernels lengthen the
 * operation that they end.
 */
export function pipelineCosts(costs: CostedStep, plan: Plan, machine: Machine): PipelineCosts {
  const blocking = plan.overlap.pipeline ? 0 : costs.sendSeconds;
  const forward: number[][] = [];
  const backwardInput: number[][] = [];
  const backwardWeight: number[][] = [];
  for (const chunks of costs.stages) {
    const times = chunks.map(({ layers }) => chunkSeconds(layers, plan, machine));
    forward.push(times.map((t) => t.forward + blocking));
    backwardInput.push(times.map((t) => t.input + blocking));
    backwardWeight.push(times.map((t) => t.weight));
  }
  const sendSeconds = costs.sendSeconds - blocking;
  return { forward, backwardInput, backwardWeight, sendSeconds };
}

/** Visible exchange of a stage's gradients and parameters once a step, and its update. */
function perStepSeconds(
  step: StageStep,
  beside: { forward: number; backward: number },
  { plan, machine }: { plan: Plan; machine: Machine },
): { data: number; update: number } {
  const { hiddenShare } = machine.stack;
  const gradients = plan.overlap.gradients
    ? exposed(step.gradientSeconds, beside.backward, hiddenShare.gradients)
    : step.gradientSeconds;
  const parameters = plan.overlap.parameters
    ? exposed(step.parameterSeconds, beside.forward, hiddenShare.parameters)
    : step.parameterSeconds;
  return { data: gradients + parameters, update: step.updateSeconds };
}

/** Step time in closed form. */
export function closedForm(costs: CostedStep, plan: Plan, machine: Machine): StepTime {
  const { microBatches } = costs;
  const times = pipelineCosts(costs, plan, machine);
  const copies = plan.schedule === "dualpipe" ? 2 : 1;
  let slowest = 0;
  let data = 0;
  let update = 0;
  costs.stages.forEach((chunks, s) => {
    let forward = 0;
    let backward = 0;
    for (let c = 0; c < chunks.length; c++) {
      forward += times.forward[s][c] / copies;
      backward += (times.backwardInput[s][c] + times.backwardWeight[s][c]) / copies;
    }
    if (forward + backward > slowest) slowest = forward + backward;
    const once = perStepSeconds(costs.perStep[s], { forward, backward }, { plan, machine });
    if (once.data + once.update > data + update) ({ data, update } = once);
  });
  const busySeconds = microBatches * slowest;
  const pipeline = plan.pp === 1 ? busySeconds : pipelineSeconds(plan.schedule, {
    stages: plan.pp,
    microBatches,
    chunks: costs.stages[0].length,
    costs: times,
  });
  return {
    stepSeconds: pipeline + data + update + costs.fixedSeconds,
    busySeconds,
    bubbleSeconds: pipeline - busySeconds,
    dataSeconds: data,
    updateSeconds: update,
  };
}
