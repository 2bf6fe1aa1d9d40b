/**
 * The time of compiled programs, in one sweep over their nodes.
 *
 * The ends of a chunk's work may differ from what lies between. Its first forward may have to wait for
 * parameters on their way, and behind its last weight gradients go gradients, on a stream of the stage
 * that works through them in turn while kernels go on or stand still.
 *
 * @module
 */
import { type CompiledPrograms, NodeEnd, NodeKind, NodeRole } from "./compiled.ts";
import type { PairTimes, PipelineCosts } from "./costs.ts";
import type { PipelineShape } from "./program.ts";

/** Where last weight gradients differ from those before, by place. */
export interface LastGradients {
  /** What they take longer, until their output is there. */
  longer: readonly number[];
  /** How long after that the exchange behind them ends at the earliest, below 0 for before. */
  tail: readonly number[];
}

/** What differs at the ends of the chunks' work, by place, which is `stage * chunks + chunk`. */
export interface PipelineEnds {
  /** The first forward ends no earlier than this, from the beginning of the step. */
  firstEnd: readonly number[];
  /** Where the last weight gradients are part of a whole backward pass. */
  whole: LastGradients;
  /** Where they are an operation of their own. */
  apart: LastGradients;
  /** What the stage stands still for after the last ones, if it has anything left to do. */
  stand: readonly number[];
  /** What the exchange behind them takes if nothing else is under way. */
  exchange: readonly number[];
}

/** What surrounds the operations of a pipeline. */
export interface Surroundings {
  /** How the ends of the chunks' work differ. */
  ends?: PipelineEnds;
  /** What each stage does after all of its operations, by stage. */
  after?: readonly number[];
}

/** Where times are written during a sweep: searches sweep often, and arrays are slow to come by. */
const scratch = {
  end: new Float64Array(4096),
  table: new Float64Array(1024),
  free: new Float64Array(128),
  exchanged: new Float64Array(128),
};

/** Room for so many nodes and stages. */
function makeRoom(nodes: number, stages: number): void {
  if (scratch.end.length < nodes) scratch.end = new Float64Array(2 * nodes);
  if (scratch.free.length < stages) {
    scratch.free = new Float64Array(2 * stages);
    scratch.exchanged = new Float64Array(2 * stages);
  }
  scratch.end[0] = 0;
  scratch.free.fill(0, 0, stages);
  scratch.exchanged.fill(0, 0, stages);
}

/** Costs in the order of `CompiledPrograms.cost`, for nodes alone. */
function fillTable({ stages, chunks }: PipelineShape, costs: PipelineCosts): Float64Array {
  const { forward, backwardInput, backwardWeight, backward } = costs;
  const places = stages * chunks;
  if (scratch.table.length < 4 * places) scratch.table = new Float64Array(8 * places);
  const { table } = scratch;
  for (let s = 0; s < stages; s++) {
    const [f, b, w] = [forward[s], backwardInput[s], backwardWeight[s]];
    for (let c = 0; c < chunks; c++) {
      const at = s * chunks + c;
      table[NodeKind.F * places + at] = f[c];
      table[NodeKind.B * places + at] = b[c];
      table[NodeKind.W * places + at] = w[c];
      table[NodeKind.BW * places + at] = backward === undefined ? b[c] + w[c] : backward[s][c];
    }
  }
  return table;
}

/** Pairs that begin and end together. */
function joinedPairs({ stages, chunks }: PipelineShape, costs: PipelineCosts): PairTimes {
  const { forward, backwardInput, backwardWeight, backward, pair } = costs;
  const lead: number[] = [];
  const whole: number[] = [];
  for (let s = 0; s < stages; s++) {
    for (let c = 0; c < chunks; c++) {
      for (let other = 0; other < chunks; other++) {
        const back = backward?.[s][other] ?? backwardInput[s][other] + backwardWeight[s][other];
        lead.push(0);
        whole.push(pair ? pair[s][c] : forward[s][c] + back);
      }
    }
  }
  return { lead, first: whole, second: whole, whole };
}

/** Seconds from the first start to the last end, exchanges behind the last gradients included. */
export function sweep(
  compiled: CompiledPrograms,
  costs: PipelineCosts,
  { ends, after }: Surroundings = {},
): number {
  const { shape, cost, input, sent, stage, role, end: endOf, place } = compiled;
  const { sendSeconds } = costs;
  const table = fillTable(shape, costs);
  const pairs = compiled.pairs ? costs.pairs ?? joinedPairs(shape, costs) : undefined;
  const count = cost.length;
  const firstWhole = NodeKind.BW * shape.stages * shape.chunks;
  makeRoom(count, shape.stages);
  const { end: endSeconds, free, exchanged } = scratch;
  let seconds = 0;
  for (let i = 1; i < count; i++) {
    const s = stage[i];
    let start = endSeconds[input[i]] + sent[i] * sendSeconds;
    if (free[s] > start) start = free[s];
    if (pairs !== undefined && role[i] === NodeRole.first) {
      const at = cost[i];
      const second = endSeconds[input[i + 1]] + sent[i + 1] * sendSeconds - pairs.lead[at];
      if (second > start) start = second;
      endSeconds[i] = start + pairs.first[at];
      i++;
      endSeconds[i] = start + pairs.second[at];
      free[s] = start + pairs.whole[at];
      if (free[s] > seconds) seconds = free[s];
      continue;
    }
    let end = start + table[cost[i]];
    let standing = 0;
    if (ends !== undefined && endOf[i] !== NodeEnd.none) {
      const at = place[i];
      if (endOf[i] === NodeEnd.first) {
        if (ends.firstEnd[at] > end) end = ends.firstEnd[at];
      } else {
        const last = cost[i] >= firstWhole ? ends.whole : ends.apart;
        end += last.longer[at];
        standing = after === undefined ? ends.stand[at] : 0;
        exchanged[s] = Math.max(exchanged[s] + ends.exchange[at], end + last.tail[at]);
        if (exchanged[s] > seconds) seconds = exchanged[s];
      }
    }
    endSeconds[i] = end;
    free[s] = end + standing;
    if (end > seconds) seconds = end;
  }
  if (after !== undefined) {
    for (let s = 0; s < shape.stages; s++) seconds = Math.max(seconds, free[s] + after[s]);
  }
  return seconds;
}
