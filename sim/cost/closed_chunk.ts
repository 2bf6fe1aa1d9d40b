/**
 * What the operations of a chunk of the model take where each runs alone.
 *
 * @module
 */
import type { PipelineCosts } from "../pipeline/costs.ts";
import { scheduleFacts } from "../pipeline/schedule.ts";
import { chunkSends } from "../pipeline/sends.ts";
import { emptyLine, layOne, runLine } from "./closed_line.ts";
import { exposedTokens, phaseSeconds } from "./closed_phase.ts";
import { operationScript, type ScriptSite, tokensApart } from "./closed_script.ts";
import type { LayerCost } from "./phases.ts";
import type { CostedStep } from "./step_costs.ts";

/** Layers that follow each other and share a record; seconds of one of them, alone. */
export interface LayerRun {
  /** What they cost. */
  layer: LayerCost;
  /** How many they are. */
  count: number;
  /** Forward pass. */
  forward: number;
  /** Gradients of inputs. */
  input: number;
  /** Gradients of weights. */
  weight: number;
  /** Of all three, tokens on their way. */
  tokens: number;
}

/** Seconds of a chunk's operations without sends. */
export interface ChunkSeconds {
  /** Its layers. */
  layers: readonly LayerCost[];
  /** The same in runs. */
  runs: readonly LayerRun[];
  /** Forward pass. */
  forward: number;
  /** Gradients of inputs. */
  input: number;
  /** Gradients of weights. */
  weight: number;
  /** Both in one operation, where the schedule has such. */
  backward: number;
  /** Of `forward`, `input` and `weight`, what is no exchange of tokens. */
  staying: number;
}

/** Runs of layers; runs of the same layers elsewhere give their seconds. */
function runsOf(layers: readonly LayerCost[], known: LayerRun[], site: ScriptSite): LayerRun[] {
  const { plan, machine } = site;
  const runs: LayerRun[] = [];
  let run: LayerRun | undefined;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i];
    if (run?.layer === layer) {
      run.count++;
      continue;
    }
    const like = known.find((other) => other.layer === layer);
    run = {
      layer,
      count: 1,
      forward: like?.forward ?? phaseSeconds(layer.forward, plan, machine),
      input: like?.input ?? phaseSeconds(layer.backwardInput, plan, machine),
      weight: like?.weight ?? phaseSeconds(layer.backwardWeight, plan, machine),
      tokens: like?.tokens ??
        exposedTokens(layer.forward, plan, machine) +
          exposedTokens(layer.backwardInput, plan, machine),
    };
    if (like === undefined) known.push(run);
    runs.push(run);
  }
  return runs;
}

/** Whether a schedule runs whole backward passes, at least at times. */
export function runsWhole({ schedule }: ScriptSite["plan"]): boolean {
  return !scheduleFacts[schedule].splits || schedule.startsWith("dualpipe");
}

function chunkSeconds(
  layers: readonly LayerCost[],
  runs: readonly LayerRun[],
  site: ScriptSite,
): ChunkSeconds {
  let forward = 0;
  let input = 0;
  let weight = 0;
  let tokens = 0;
  for (const run of runs) {
    forward += run.count * run.forward;
    input += run.count * run.input;
    weight += run.count * run.weight;
    tokens += run.count * run.tokens;
  }
  let backward = input + weight;
  const staying = forward + backward - tokens;
  if (tokens > 0 && tokensApart(site.plan) && runsWhole(site.plan)) {
    const line = emptyLine();
    layOne(line, operationScript(layers, "BW", site));
    backward = runLine(line, site).kernels;
  }
  return { layers, runs, forward, input, weight, backward, staying };
}

/** A chunk of the same layers. */
function likeOf(layers: readonly LayerCost[], known: readonly ChunkSeconds[]) {
  for (let k = known.length - 1; k >= 0; k--) {
    const other = known[k].layers;
    let i = layers.length;
    if (i !== other.length) continue;
    while (i > 0 && layers[i - 1] === other[i - 1]) i--;
    if (i === 0) return known[k];
  }
  return undefined;
}

/** Chunks by `[stage][chunk]`; those with the same layers share a record. */
export function chunksOf(costs: CostedStep, site: ScriptSite): ChunkSeconds[][] {
  const known: ChunkSeconds[] = [];
  const knownRuns: LayerRun[] = [];
  const stages: ChunkSeconds[][] = [];
  for (const chunks of costs.stages) {
    const list: ChunkSeconds[] = [];
    for (const { layers } of chunks) {
      let seconds = likeOf(layers, known);
      if (seconds === undefined) {
        seconds = chunkSeconds(layers, runsOf(layers, knownRuns, site), site);
        known.push(seconds);
      }
      list.push(seconds);
    }
    stages.push(list);
  }
  return stages;
}

/** Seconds of operations, whole backward passes among them. */
export type OperationCosts = PipelineCosts & Required<Pick<PipelineCosts, "backward">>;

/** Whether two stages hold the same chunks. */
const same = (a: readonly ChunkSeconds[], b: readonly ChunkSeconds[]) =>
  a.every((chunk, c) => chunk === b[c]);

/** Seconds of operations on every stage; sends that do not run beside kernels lengthen them. */
export function operationCosts(
  chunks: readonly (readonly ChunkSeconds[])[],
  costs: CostedStep,
  site: ScriptSite,
): OperationCosts {
  const { plan } = site;
  const blocking = plan.overlap.pipeline ? 0 : costs.sendSeconds;
  const stages = chunks.length;
  const { placement } = scheduleFacts[plan.schedule];
  const of = { placement, stages, chunks: chunks[0].length };
  const forward: number[][] = [];
  const backwardInput: number[][] = [];
  const backwardWeight: number[][] = [];
  const backward: number[][] = [];
  for (let stage = 0; stage < stages; stage++) {
    const times = chunks[stage];
    const inside = stage > 1 && stage < stages - 1;
    if (inside && same(times, chunks[stage - 1])) {
      // Between the ends of the pipeline, stages alike share their rows.
      for (const rows of [forward, backwardInput, backwardWeight, backward]) {
        rows.push(rows[stage - 1]);
      }
      continue;
    }
    const f: number[] = [];
    const b: number[] = [];
    const w: number[] = [];
    const whole: number[] = [];
    for (let chunk = 0; chunk < times.length; chunk++) {
      const sends = chunkSends({ stage, chunk }, of);
      const { forward, input, weight, backward } = times[chunk];
      f.push(sends.forward ? forward + blocking : forward);
      b.push(sends.backward ? input + blocking : input);
      w.push(weight);
      whole.push(sends.backward ? backward + blocking : backward);
    }
    forward.push(f);
    backwardInput.push(b);
    backwardWeight.push(w);
    backward.push(whole);
  }
  const sendSeconds = costs.sendSeconds - blocking;
  return { forward, backwardInput, backwardWeight, backward, sendSeconds };
}
