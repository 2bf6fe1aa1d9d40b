/**
 * A step's time at least: the work of its slowest stage and the way there and back.
 *
 * Every schedule passes all micro-batches through every stage, begins on a stage when the first one
 * has come down to it, and, where backward passes are whole, ends when the last one has climbed back.
 * What data ranks exchange and what the optimiser takes are left out.
 *
 * @module
 */
import { runsWhole } from "../cost/closed_chunk.ts";
import { pairRule } from "../cost/closed_pairs.ts";
import type { Machine } from "../cost/machine.ts";
import type { Plan } from "../plan/plan.ts";
import type { ShardSeconds } from "./layer_tables.ts";
import type { LayerWork, TokenMode } from "./layer_work.ts";
import { layerKinds, type PipelineStages } from "./stage_shapes.ts";

/** What bounds stand back by, for what sums differ in their last digits and norms in their fifth. */
export const boundSlack = 1 - 2e-5;

/**
 * What pairs of operations, and lines with sharded parameters, stand back by. The closed form extends a
 * few rounds of them by what the last one added, which no sum of parts bounds strictly. Of 90,000 random
 * plans in which tokens travel two came out below a bound without this, both interleaved in pairs over
 * stages of uneven layers, by up to 2.1 %; these stand back further.
 */
export const pairSlack = 0.98;
const interleavedSlack = 0.95;

/** How much of tokens shows in either pass at least. */
export interface TokenModes {
  /** Forward passes. */
  forward: TokenMode;
  /** Backward passes. */
  backward: TokenMode;
  /** What the bound stands back by where operations run in pairs or in lines, else 1. */
  slack: number;
}

/** What a plan hides tokens behind, as the closed form has it. */
export function tokenModes(plan: Plan): TokenModes {
  const { experts } = plan.overlap;
  if (experts === "none" || experts === "shared") {
    return { forward: experts, backward: experts, slack: plan.zero === 3 ? pairSlack : 1 };
  }
  const rule = pairRule(plan);
  if (rule !== "none" || plan.zero === 3) {
    return {
      forward: "apart",
      backward: "apart",
      slack: plan.pp > 1 && rule === "followed" ? interleavedSlack : pairSlack,
    };
  }
  // Alone, a forward pass hides nothing, and a whole backward pass what gradients of weights hide.
  return { forward: "none", backward: runsWhole(plan) ? "apart" : "none", slack: 1 };
}

/**
 * Seconds that exchanges of sharded parameters add to a step at least, and that they take in all: one
 * stream works through them, and kernels wait for what no kernel hides.
 */
export function leastShards(
  { gather, scatter }: ShardSeconds,
  of: { plan: Plan; microBatches: number; machine: Machine },
): { added: number; all: number } {
  const { plan: { overlap }, microBatches, machine: { stack: { hiddenShare } } } = of;
  const shown = gather * (overlap.parameters ? 1 - hiddenShare.parameters : 1) +
    scatter * (overlap.gradients ? 1 - hiddenShare.gradients : 1);
  const factor = microBatches * boundSlack * pairSlack;
  return { added: shown * factor, all: (gather + scatter) * factor };
}

/** What a bound is worked out from. */
export interface BoundSite {
  /** Stages. */
  pipeline: PipelineStages;
  /** Layers by kind. */
  work: ReadonlyMap<string, LayerWork>;
  /** Micro-batches of a replica. */
  microBatches: number;
  /** Seconds of a send between stages. */
  sendSeconds: number;
  /** Seconds that every step adds. */
  fixedSeconds: number;
}

/**
 * The least time of a step however the model is cut: all layers, evenly spread.
 *
 * @param layers Layers of the model by kind.
 */
export function modelSeconds(
  plan: Plan,
  of: Omit<BoundSite, "pipeline">,
  layers: readonly number[],
): number {
  let least = Infinity;
  for (const mode of ["none", "shared", "apart"] as const) {
    let seconds = 0;
    for (let k = 0; k < layerKinds.length; k++) {
      if (layers[k] === 0) continue;
      const { forward, backward } = of.work.get(layerKinds[k])!;
      seconds += layers[k] * (forward[mode] + backward[mode][0]);
    }
    least = Math.min(least, seconds);
  }
  const inside = of.microBatches * least / plan.pp;
  return (inside + of.fixedSeconds) * boundSlack * pairSlack;
}

/**
 * The least time of a step for every set of modules that is computed again, seconds.
 *
 * @param options How tokens are hidden, and whether sends run beside kernels.
 */
export function leastTimes(
  site: BoundSite,
  options: { modes: TokenModes; pipeline: Plan["overlap"]["pipeline"] },
): Float64Array {
  const { pipeline: { stages, copies }, work, microBatches, sendSeconds, fixedSeconds } = site;
  const { modes, pipeline } = options;
  const passes = microBatches / copies;
  const slack = boundSlack * modes.slack;
  let least: Float64Array | undefined;
  for (const { held, before, after, sendsBefore, sendsAfter, sends } of stages) {
    // Where kernels wait for sends, the last one from here is part of the stage's own.
    const back = pipeline ? sendsAfter : Math.max(0, sendsAfter - 1);
    let constant = (sendsBefore + back + (pipeline ? 0 : passes * sends)) * sendSeconds;
    const factors: number[] = [];
    const parts: Float64Array[] = [];
    for (let k = 0; k < layerKinds.length; k++) {
      const factor = passes * held[k] + after[k];
      if (factor === 0 && before[k] === 0) continue;
      const { forward, backward } = work.get(layerKinds[k])!;
      constant += (passes * held[k] + before[k]) * forward[modes.forward];
      factors.push(factor);
      parts.push(backward[modes.backward]);
    }
    const sets = parts[0]?.length ?? 1;
    least ??= new Float64Array(sets);
    for (let s = 0; s < sets; s++) {
      let seconds = constant + fixedSeconds;
      for (let i = 0; i < parts.length; i++) seconds += factors[i] * parts[i][s];
      if (seconds * slack > least[s]) least[s] = seconds * slack;
    }
  }
  return least!;
}
