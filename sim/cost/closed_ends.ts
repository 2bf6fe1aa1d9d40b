/**
 * What data ranks exchange once a step, and what of it shows at the ends of a stage's work.
 *
 * Parameters that may come beside the first forward passes are gathered from the beginning of the step
 * on, layer by layer; gradients that may be reduced beside the last backward passes follow each layer.
 * Either is cut into buckets, here equal ones of a layer each; kernels stand still for the share of
 * one that does not hide. What does not run beside kernels at all comes after the last operation.
 *
 * Layers alike follow each other in runs, in which all figures change by equal steps, so that the
 * latest of some ends is that of the first or the last layer of a run.
 *
 * @module
 */
import { scheduleFacts } from "../pipeline/schedule.ts";
import { chunkSends } from "../pipeline/sends.ts";
import type { PipelineEnds, Surroundings } from "../pipeline/sweep.ts";
import { type ChunkSeconds, type LayerRun, runsWhole } from "./closed_chunk.ts";
import { hostStretch } from "./closed_phase.ts";
import { type ScriptSite, tokensApart } from "./closed_script.ts";
import type { CostedStep } from "./step_costs.ts";

/** Figures of the last gradients while they are filled. */
interface Last {
  longer: number[];
  tail: number[];
}

/** Seconds of both gradients of a layer where those of its weights are not put off. */
function inPlaceSeconds({ layer, input, weight }: LayerRun, { plan, machine }: ScriptSite): number {
  const { combineSeconds } = layer.backwardInput;
  if (!tokensApart(plan) || combineSeconds === 0) return input + weight;
  const own = layer.backwardWeight.expertSeconds * hostStretch(layer.backwardWeight, machine);
  return input + weight - Math.min(own, machine.stack.hiddenShare.experts * combineSeconds);
}

/** Ends of the first forward passes of a stage's chunks, the parameters of which come in turn. */
function firstEnds(
  chunks: readonly ChunkSeconds[],
  of: { fromLast: boolean; bucket: number; stand: number },
): number[] {
  const { fromLast, bucket, stand } = of;
  const ends: number[] = [];
  let come = 0;
  for (let i = 0; i < chunks.length; i++) {
    const { runs, forward } = chunks[fromLast ? chunks.length - 1 - i : i];
    // Kernels stand still at the beginning of the step.
    let end = i === 0 ? stand + forward : 0;
    let left = forward;
    for (const { count, forward: each } of runs) {
      end = Math.max(end, come + bucket + left, come + count * (bucket - each) + each + left);
      come += count * bucket;
      left -= count * each;
    }
    ends.push(end);
  }
  return fromLast ? ends.reverse() : ends;
}

/** Adds a chunk's last gradients; `usual` is what the operation takes elsewhere. */
function addLast(
  last: Last,
  runs: readonly LayerRun[],
  of: { usual: number; bucket: number; stand: number; each: (run: LayerRun) => number },
): void {
  const { usual, bucket, stand, each } = of;
  let end = -stand;
  let done = 0;
  for (let i = runs.length - 1; i >= 0; i--) {
    const { count } = runs[i];
    const step = stand + each(runs[i]);
    const first = end + step;
    end += count * step;
    done = Math.max(done + count * bucket, first + count * bucket, end + bucket);
  }
  // Where nothing follows, layers keep their usual order.
  if (runs.length === 0 || bucket === 0) end = done = usual;
  last.longer.push(end - usual);
  last.tail.push(done - end);
}

const sumOfRuns = (runs: readonly LayerRun[], each: (run: LayerRun) => number) =>
  runs.reduce((sum, run) => sum + run.count * each(run), 0);

/** What is filled stage by stage. */
interface Ends {
  firstEnd: number[];
  whole: Last;
  apart: Last;
  stand: number[];
  exchange: number[];
}

/** How the ends of the chunks' work differ. */
function endsOf(
  chunks: readonly (readonly ChunkSeconds[])[],
  costs: CostedStep,
  site: ScriptSite,
): PipelineEnds {
  const { plan, machine: { stack: { hiddenShare } } } = site;
  const { gradients, parameters } = plan.overlap;
  const { placement, splits } = scheduleFacts[plan.schedule];
  const stages = chunks.length;
  const of = { placement, stages, chunks: chunks[0].length };
  const blocking = plan.overlap.pipeline ? 0 : costs.sendSeconds;
  const whole = (run: LayerRun) => inPlaceSeconds(run, site);
  const weights = ({ weight }: LayerRun) => weight;
  const ends: Ends = {
    firstEnd: [],
    whole: { longer: [], tail: [] },
    apart: { longer: [], tail: [] },
    stand: [],
    exchange: [],
  };
  for (let stage = 0; stage < stages; stage++) {
    const { gradientSeconds, parameterSeconds } = costs.perStep[stage];
    let layers = 0;
    for (const chunk of chunks[stage]) layers += chunk.layers.length;
    const share = layers > 0 ? 1 / layers : 0;
    const gathered = parameters ? parameterSeconds : 0;
    const firsts = firstEnds(chunks[stage], {
      // Each stage begins with the direction that enters at the nearer end.
      fromLast: placement === "two-way" && stage >= stages / 2,
      bucket: gathered * share,
      stand: (1 - hiddenShare.parameters) * gathered,
    });
    const bucket = gradients ? gradientSeconds * share : 0;
    const stand = (1 - hiddenShare.gradients) * bucket;
    for (let chunk = 0; chunk < firsts.length; chunk++) {
      const { runs, backward, weight } = chunks[stage][chunk];
      // With sharded parameters the operation's line has their exchanges, which its layers have not.
      const usual = plan.zero === 3 ? sumOfRuns(runs, whole) : backward;
      const sends = blocking > 0 ? chunkSends({ stage, chunk }, of) : undefined;
      ends.firstEnd.push(firsts[chunk] + (sends?.forward ? blocking : 0));
      ends.stand.push(stand);
      ends.exchange.push(chunks[stage][chunk].layers.length * bucket);
      if (runsWhole(plan)) {
        addLast(ends.whole, runs, { usual, bucket, stand, each: whole });
        // What a layer gives is on its way before the output of the operation is.
        if (sends?.backward) ends.whole.tail[ends.whole.tail.length - 1] -= blocking;
      }
      if (splits) addLast(ends.apart, runs, { usual: weight, bucket, stand, each: weights });
    }
  }
  return ends;
}

/** What surrounds the operations of a plan. */
export function surroundingsOf(
  chunks: readonly (readonly ChunkSeconds[])[],
  costs: CostedStep,
  site: ScriptSite,
): Surroundings {
  const { gradients, parameters } = site.plan.overlap;
  let reduces = false;
  let gathers = false;
  for (const { gradientSeconds, parameterSeconds } of costs.perStep) {
    reduces ||= gradientSeconds > 0;
    gathers ||= parameterSeconds > 0;
  }
  const after = reduces && !gradients
    ? costs.perStep.map(({ gradientSeconds }) => gradientSeconds)
    : undefined;
  const beside = (reduces && gradients) || (gathers && parameters);
  return { after, ends: beside ? endsOf(chunks, costs, site) : undefined };
}
