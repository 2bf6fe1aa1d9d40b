/**
 * How long any schedule takes, from two short runs: a pipeline that is full grows by the same time
 * for every micro-batch more, so that a few rounds tell what a thousand would take.
 *
 * Programs depend on sizes alone, so they are remembered in the form that a sweep needs.
 *
 * @module
 */
import type { ScheduleName } from "../plan/plan.ts";
import { type CompiledPrograms, compilePrograms } from "./compiled.ts";
import { type PipelineCosts, sweep } from "./makespan.ts";
import { schedule, type ScheduleOptions } from "./schedule.ts";

/** Nodes that are remembered, about 20 bytes each; beyond, all are forgotten. */
const REMEMBERED_NODES = 2_000_000;

const remembered = new Map<string, CompiledPrograms>();
let nodes = 0;

function compiledOf(name: ScheduleName, options: ScheduleOptions): CompiledPrograms {
  const { stages, microBatches, chunks, group, limit } = options;
  const key = `${name}/${stages}/${microBatches}/${chunks}/${group}/${limit}`;
  const known = remembered.get(key);
  if (known) return known;
  const compiled = compilePrograms(schedule(name, options));
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
  return name === "v-min" ? 6 : 3;
}

/** Seconds of the work of the slowest stage for one micro-batch; no step is faster in the long run. */
function slowestStage(costs: PipelineCosts, twoWay: boolean): number {
  let slowest = 0;
  costs.forward.forEach((chunks, s) => {
    let work = 0;
    for (let c = 0; c < chunks.length; c++) {
      work += chunks[c] + costs.backwardInput[s][c] + costs.backwardWeight[s][c];
    }
    slowest = Math.max(slowest, work);
  });
  return twoWay ? slowest / 2 : slowest;
}

/** See the module; exact for few micro-batches. */
export function extrapolatedSeconds(
  name: ScheduleName,
  options: ScheduleOptions & { costs: PipelineCosts },
): number {
  const { costs, ...size } = options;
  const run = (microBatches: number) =>
    sweep(compiledOf(name, { ...size, microBatches }), costs).seconds;
  const step = size.group ?? size.stages;
  const more = Math.floor(size.microBatches / step) - roundsOf(name);
  if (more <= 0) return run(size.microBatches);
  const few = size.microBatches - more * step;
  const seconds = run(few);
  const grown = seconds - run(few - step);
  // Pairs that overlap may beat the sum of their parts.
  const least = costs.pair ? 0 : step * slowestStage(costs, name === "dualpipe");
  return seconds + more * Math.max(grown, least);
}
