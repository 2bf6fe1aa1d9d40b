/**
 * How long any schedule takes, from two short runs: a pipeline that is full grows by the same time
 * for every micro-batch more, so that a few rounds tell what a thousand would take.
 *
 * Programs depend on sizes alone, so they are remembered in the form that a sweep needs.
 *
 * @module
 */
import type { ScheduleName } from "../plan/plan.ts";
import { type CompiledPrograms, compilePrograms, type PairRule } from "./compiled.ts";
import type { PipelineCosts } from "./costs.ts";
import { leastMatching } from "./least_matching.ts";
import { schedule, type ScheduleOptions } from "./schedule.ts";
import { type Surroundings, sweep } from "./sweep.ts";

/** What a pipeline takes, and which of its operations run beside each other. */
export interface PipelineRun extends ScheduleOptions {
  /** Seconds of its parts. */
  costs: PipelineCosts;
  /** Which operations run in pairs; those that the schedule says unless given. */
  pairs?: PairRule;
}

/** Nodes that are remembered, about 20 bytes each; beyond, all are forgotten. */
const REMEMBERED_NODES = 2_000_000;

const remembered = new Map<string, CompiledPrograms>();
let nodes = 0;

/** The programs of a pipeline of so many micro-batches. */
function compiledOf(
  name: ScheduleName,
  options: PipelineRun,
  microBatches: number,
): CompiledPrograms {
  const { stages, chunks, group, limit, pairs } = options;
  const key = `${name}/${stages}/${microBatches}/${chunks}/${group}/${limit}/${pairs}`;
  const known = remembered.get(key);
  if (known) return known;
  const programs = schedule(name, { stages, microBatches, chunks, group, limit });
  const compiled = compilePrograms(programs, { pairs });
  if (nodes > REMEMBERED_NODES) {
    remembered.clear();
    nodes = 0;
  }
  remembered.set(key, compiled);
  nodes += compiled.cost.length;
  return compiled;
}

/** Rounds of as many micro-batches as stages until the pipeline runs steadily. */
function roundsOf(name: ScheduleName): number {
  // The fewer activations a schedule holds, the longer it takes to settle.
  return name === "v-min" ? 6 : name.startsWith("dualpipe") ? 4 : 3;
}

/** Seconds of a forward pass and the backward pass of a chunk, beside each other or not. */
function together(stage: number, costs: PipelineCosts) {
  const { forward, backward, backwardInput, backwardWeight, pair, pairs } = costs;
  const chunks = forward[stage].length;
  return (chunk: number, other: number): number => {
    const beside = pairs
      ? pairs.whole[(stage * chunks + chunk) * chunks + other]
      : pair?.[stage][chunk] ?? 0;
    const apart = backwardInput[stage][other] + backwardWeight[stage][other];
    const whole = backward === undefined ? apart : Math.min(apart, backward[stage][other]);
    // Pairs that never are take nothing.
    return Math.min(forward[stage][chunk] + whole, beside > 0 ? beside : Infinity);
  };
}

/**
 * Seconds of the work of the slowest stage for one micro-batch; no step is faster in the long run.
 *
 * Pairs may beat the sum of their parts. A stage runs each chunk's forward passes as often as its backward
 * passes, so that each of the former can be counted with one of the latter: with its partner in a pair,
 * else with any that is left. Whichever these are, all take no less than if every chunk's forward passes
 * went with the backward passes of one chunk and each chunk's with those of another one, in the way that
 * suits all best.
 */
function slowestStage(costs: PipelineCosts, twoWay: boolean): number {
  const { forward, backward, backwardInput, backwardWeight } = costs;
  const paired = costs.pair !== undefined || costs.pairs !== undefined;
  let slowest = 0;
  for (let s = 0; s < forward.length; s++) {
    // Stages alike share their rows.
    const alike = s > 1 && forward[s] === forward[s - 1] &&
      backwardInput[s] === backwardInput[s - 1] && backward?.[s] === backward?.[s - 1];
    if (alike) continue;
    const work = paired
      ? leastMatching(forward[s].length, together(s, costs))
      : forward[s].reduce((sum, seconds, c) =>
        sum + seconds + (backward?.[s][c] ?? backwardInput[s][c] + backwardWeight[s][c]), 0);
    slowest = Math.max(slowest, work);
  }
  return twoWay ? slowest / 2 : slowest;
}

/** What a pipeline takes, whatever surrounds its operations. */
export interface BareRun {
  /** Seconds of its operations, each as all of its kind. */
  seconds: number;
  /** Seconds that their surroundings add. */
  added: (surroundings: Surroundings) => number;
}

const isBare = ({ ends, after }: Surroundings) => ends === undefined && after === undefined;

/** See the module; exact for few micro-batches. */
export function extrapolatedRun(name: ScheduleName, options: PipelineRun): BareRun {
  const { costs, stages, microBatches } = options;
  const step = options.group ?? stages;
  const more = Math.max(0, Math.floor(microBatches / step) - roundsOf(name));
  const few = microBatches - more * step;
  const compiled = compiledOf(name, options, few);
  const seconds = sweep(compiled, costs);
  const added = (surroundings: Surroundings) =>
    isBare(surroundings) ? 0 : sweep(compiled, costs, surroundings) - seconds;
  if (more === 0) return { seconds, added };
  const grown = seconds - sweep(compiledOf(name, options, few - step), costs);
  const least = step * slowestStage(costs, name === "dualpipe");
  return { seconds: seconds + more * Math.max(grown, least), added };
}

/** What surroundings add to a pipeline, from as many micro-batches as fill it once. */
export function addedTo(name: ScheduleName, options: PipelineRun): BareRun["added"] {
  const { costs, stages, microBatches } = options;
  const step = options.group ?? stages;
  const rounds = Math.floor(microBatches / step);
  let compiled: CompiledPrograms | undefined;
  let bare = 0;
  return (surroundings) => {
    if (compiled === undefined) {
      compiled = compiledOf(name, options, microBatches - Math.max(0, rounds - 1) * step);
      bare = sweep(compiled, costs);
    }
    return sweep(compiled, costs, surroundings) - bare;
  };
}
