/**
 * A step's time at least: the work of its slowest stage and the way there and back.
 *
 * Every schedule passes all micro-batches through every stage, begins on a stage when the first one
 * has come down to it, and, where backward passes are whole, ends when the last one has climbed back.
 * What data ranks exchange and what the optimiser takes are left out.
 *
 * *Why no plan is faster in the closed form.* Be the work of a layer its kernels and stops, with what
 * shows of its tokens: all of them, all but what hides beside its shared experts, or the share of an
 * exchange for which kernels stand still.
 *
 * 1. An operation takes no less than the work of its layers. Alone it is the sum of their phases, or a
 *    line of their items; in a line kernels either wait for the whole of an exchange or stand still for
 *    its share before the next item. From the first item of one operation of a pair to its last the line
 *    goes on by no less than its own items and shares, and a pair by no less than those of both.
 * 2. A stage runs as many forward as backward passes of a micro-batch, alone or in pairs, so that by 1
 *    all micro-batches take it no less than their number times the work of its layers.
 * 3. GPipe, 1F1B and interleaving have closed forms that are the longest of some paths. Among them, for
 *    each stage, is that of the first micro-batch down to it, all of the stage's work, and that of the
 *    last one back up. All other schedules are run for a few rounds (`seconds_extrapolated.ts`), which
 *    contain these paths too, and every further round takes no less than the work of the slowest stage.
 * 4. What surrounds the operations makes the last gradients longer and the first passes end later. A run
 *    is the longest of paths whose parts are added up, and none of these gets shorter.
 * 5. With sharded parameters all is one line. A micro-batch adds no less than its kernels with what
 *    shows of tokens, gathers and scatters (`shownShards`), which 1 holds for as well, nor less than the
 *    stream of data ranks has to do; both are what rounds that are not run are counted with at least.
 *
 * @module
 */
import { runsWhole } from "../cost/closed_chunk.ts";
import { pairRule } from "../cost/closed_pairs.ts";
import { shownShards } from "../cost/closed_shards.ts";
import type { Machine } from "../cost/machine.ts";
import type { Plan } from "../plan/plan.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import type { ShardSeconds } from "./layer_tables.ts";
import type { LayerWork, TokenMode } from "./layer_work.ts";
import { isPlain, layerKinds, type PipelineStages, type StageShape } from "./stage_shapes.ts";
import { ways } from "./ways.ts";

/** What bounds stand back by, for what sums differ in their last digits and norms in their fifth. */
export const boundSlack = 1 - 2e-5;

/** How much of tokens shows in either pass at least. */
export interface TokenModes {
  /** Forward passes. */
  forward: TokenMode;
  /** Backward passes. */
  backward: TokenMode;
}

/** What a plan hides tokens behind, as the closed form has it. */
export function tokenModes(plan: Plan): TokenModes {
  const { experts } = plan.overlap;
  if (experts === "none" || experts === "shared") return { forward: experts, backward: experts };
  // Beside a parallel block's attention no less shows than the share that kernels stand still for.
  if (experts === "attention") return { forward: "apart", backward: "apart" };
  if (pairRule(plan) !== "none" || plan.zero === 3) return { forward: "apart", backward: "apart" };
  // Alone, a forward pass hides nothing, and a whole backward pass what gradients of weights hide.
  return { forward: "none", backward: runsWhole(plan) ? "apart" : "none" };
}

/**
 * Seconds that exchanges of sharded parameters add to a step at least, and that they take in all: one
 * stream works through them, and kernels stand still for some of each (`shownShards`). Only the first
 * gather of a step may not add to the others: who waits for it stands still for the second meanwhile.
 */
export function leastShards(
  { gather, scatter, first }: ShardSeconds,
  of: {
    lists: Pick<ChoiceLists, "gradients" | "parameters">;
    microBatches: number;
    machine: Machine;
  },
): { added: number; all: number } {
  const { lists, microBatches, machine: { stack } } = of;
  let added = Infinity;
  for (const gradients of lists.gradients) {
    for (const parameters of lists.parameters) {
      const shown = shownShards({ gather, scatter }, { gradients, parameters }, stack);
      const hidden = parameters ? first * (1 - stack.hiddenShare.parameters) : 0;
      added = Math.min(added, microBatches * shown - hidden);
    }
  }
  return { added: added * boundSlack, all: microBatches * (gather + scatter) * boundSlack };
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
 * The least time of a step by way however the model is cut: all layers, evenly spread.
 *
 * @param layers Layers of the model by kind.
 */
export function modelSeconds(
  plan: Plan,
  of: Omit<BoundSite, "pipeline">,
  layers: readonly number[],
): number[] {
  return ways.map((_, way) => {
    let least = Infinity;
    for (const mode of ["none", "shared", "apart"] as const) {
      let seconds = 0;
      for (let k = 0; k < layerKinds.length; k++) {
        if (layers[k] === 0) continue;
        const { forward, backward } = of.work.get(layerKinds[k])!;
        seconds += layers[k] * (forward[mode] + backward[mode][way]);
      }
      least = Math.min(least, seconds);
    }
    const inside = of.microBatches * least / plan.pp;
    return (inside + of.fixedSeconds) * boundSlack;
  });
}

/** How tokens are hidden, and whether sends run beside kernels. */
export interface TimeOptions {
  /** Tokens. */
  modes: TokenModes;
  /** Sends. */
  pipeline: boolean;
}

/** What of a stage's time no set of modules changes: sends and forward passes, seconds. */
function forwardSeconds(
  { before, held, sendsBefore, sendsAfter, sends }: StageShape,
  { work, sendSeconds }: BoundSite,
  of: TimeOptions & { passes: number },
): number {
  const { modes, pipeline, passes } = of;
  // Where kernels wait for sends, the last one from here is part of the stage's own.
  const back = pipeline ? sendsAfter : Math.max(0, sendsAfter - 1);
  let seconds = (sendsBefore + back + (pipeline ? 0 : passes * sends)) * sendSeconds;
  for (let k = 0; k < layerKinds.length; k++) {
    const count = passes * held[k] + before[k];
    if (count > 0) seconds += count * work.get(layerKinds[k])!.forward[modes.forward];
  }
  return seconds;
}

/** Lowers least times of a step by way, seconds, to those with some options. */
export function lowerSeconds(least: number[], site: BoundSite, options: TimeOptions): void {
  const { pipeline: { stages, copies }, work, microBatches, fixedSeconds } = site;
  const { modes } = options;
  const passes = microBatches / copies;
  const constants = stages.map((stage) => forwardSeconds(stage, site, { ...options, passes }));
  for (let way = 0; way < ways.length; way++) {
    let most = 0;
    for (let i = 0; i < stages.length; i++) {
      const { held, after } = stages[i];
      let seconds = constants[i] + fixedSeconds;
      for (let k = 0; k < layerKinds.length; k++) {
        const count = passes * held[k] + after[k];
        if (count > 0) seconds += count * work.get(layerKinds[k])!.backward[modes.backward][way];
      }
      if (seconds > most) most = seconds;
    }
    least[way] = Math.min(least[way], most * boundSlack);
  }
}

/** A stage's time as a sum: what no set of modules changes, and backward passes that they do. */
export interface StageLine {
  /** Seconds. */
  constant: number;
  /** Passes, by kind of layer. */
  counts: number[];
  /** Seconds of one, by kind of layer and set. */
  seconds: Float64Array[];
}

/** The lines of all stages that differ. */
export function stageLines(site: BoundSite, options: TimeOptions): StageLine[] {
  const { pipeline: { stages, copies }, work, microBatches, fixedSeconds } = site;
  const { modes } = options;
  const passes = microBatches / copies;
  return stages.map((stage) => {
    const constant = forwardSeconds(stage, site, { ...options, passes }) + fixedSeconds;
    const line: StageLine = { constant, counts: [], seconds: [] };
    for (let k = 0; k < layerKinds.length; k++) {
      const count = passes * stage.held[k] + stage.after[k];
      if (count === 0) continue;
      const seconds = work.get(layerKinds[k])!.backward[modes.backward];
      if (isPlain(layerKinds[k])) line.constant += count * seconds[0];
      else {
        line.counts.push(count);
        line.seconds.push(seconds);
      }
    }
    return line;
  });
}

/** The least time of a step for one of the sets of modules. */
export function leastOfSet(lines: readonly StageLine[], set: number): number {
  let least = 0;
  for (let i = 0; i < lines.length; i++) {
    const { constant, counts, seconds } = lines[i];
    let sum = constant;
    for (let k = 0; k < counts.length; k++) sum += counts[k] * seconds[k][set];
    if (sum > least) least = sum;
  }
  return least * boundSlack;
}
