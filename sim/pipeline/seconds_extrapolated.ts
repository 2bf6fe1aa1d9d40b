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

/** Seconds of a forward pass with the backward pass beside which, or before which, it takes least. */
function leastTogether(stage: number, chunk: number, costs: PipelineCosts): number {
  const { forward, backward, backwardInput, backwardWeight, pair, pairs } = costs;
  const chunks = forward[stage].length;
  const beside = (other: number) =>
    pairs ? pairs.whole[(stage * chunks + chunk) * chunks + other] : pair?.[stage][chunk] ?? 0;
  let least = Infinity;
  for (let other = 0; other < chunks; other++) {
    const apart = backwardInput[stage][other] + backwardWeight[stage][other];
    const whole = backward === undefined ? apart : Math.min(apart, backward[stage][other]);
    const both = beside(other);
    // Pairs that never are take nothing.
    least = Math.min(least, forward[stage][chunk] + whole, both > 0 ? both : Infinity);
  }
  return least;
}

/**
 * Seconds of the work of the slowest stage for one micro-batch; no step is faster in the long run.
 *
 * Pairs may beat the sum of their parts. A stage runs as many forward as backward passes, so each of the
 * former can be counted with one of the latter: with its partner in a pair, else with any that is left.
 * Whichever that is, both take no less than the forward pass with the one that suits it best.
 */
function slowestStage(costs: PipelineCosts, twoWay: boolean): number {
  const paired = costs.pair !== undefined || costs.pairs !== undefined;
  let slowest = 0;
  costs.forward.forEach((chunks, s) => {
    let work = 0;
    for (let c = 0; c < chunks.length; c++) {
      work += paired ? leastTogether(s, c, costs) : chunks[c] + (costs.backward?.[s][c] ??
        costs.backwardInput[s][c] + costs.backwardWeight[s][c]);
    }
    slowest = Math.max(slowest, work);
  });
  return twoWay ? slowest / 2 : slowest;
}

/** What a pipeline takes. */
export interface SurroundedSeconds {
  /** Its operations, each as all of its kind. */
  seconds: number;
  /** What their surroundings add. */
  addedSeconds: number;
}

const isBare = ({ ends, after }: Surroundings) => ends === undefined && after === undefined;

/** See the module; exact for few micro-batches. */
export function extrapolatedSeconds(
  name: ScheduleName,
  options: PipelineRun & Surroundings,
): SurroundedSeconds {
  const { costs, stages, microBatches } = options;
  const step = options.group ?? stages;
  const more = Math.max(0, Math.floor(microBatches / step) - roundsOf(name));
  const few = microBatches - more * step;
  const compiled = compiledOf(name, options, few);
  const seconds = sweep(compiled, costs);
  const addedSeconds = isBare(options) ? 0 : sweep(compiled, costs, options) - seconds;
  if (more === 0) return { seconds, addedSeconds };
  const grown = seconds - sweep(compiledOf(name, options, few - step), costs);
  const least = step * slowestStage(costs, name === "dualpipe");
  return { seconds: seconds + more * Math.max(grown, least), addedSeconds };
}

/** What surroundings add to a pipeline, from as many micro-batches as fill it once. */
export function addedSeconds(name: ScheduleName, options: PipelineRun & Surroundings): number {
  const { costs, stages, microBatches } = options;
  const step = options.group ?? stages;
  const rounds = Math.floor(microBatches / step);
  const compiled = compiledOf(name, options, microBatches - Math.max(0, rounds - 1) * step);
  return sweep(compiled, costs, options) - sweep(compiled, costs);
}
