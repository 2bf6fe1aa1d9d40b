/**
 * Programs as typed arrays in an order in which every operation comes after all that it waits for,
 * so that their times are one sweep.
 *
 * An operation, or a pair that runs as one, is a node. It waits for the node before it on its stage
 * and for its inputs: the forward of the position before it on the path, the backward of the one
 * after it. Inputs from another stage take the send time.
 *
 * @module
 */
import { type Operation, pathOf, type PipelineProgram, type PipelineShape } from "./program.ts";

/** Kinds of nodes; `Pair` is a forward and a whole backward that overlap. */
export const NodeKind = { F: 0, B: 1, W: 2, BW: 3, Pair: 4 } as const;

/** Programs, ready to be timed; see the module. Node 0 stands for "nothing to wait for". */
export interface CompiledPrograms {
  /** The pipeline. */
  shape: PipelineShape;
  /** Where its cost is: `kind * places + stage * chunks + chunk`, of the forward in a pair. */
  cost: Uint16Array;
  /** The node before it on its stage. */
  before: Int32Array;
  /** A node whose output it needs; twice, for pairs. */
  inputs: readonly [Int32Array, Int32Array];
  /** Whether that comes from another stage. */
  sent: readonly [Uint8Array, Uint8Array];
  /** The stage of a node. */
  stage: Uint16Array;
  /** The index of its operation in the program of its stage, of the first in a pair. */
  index: Int32Array;
  /** Whether any node is a pair. */
  pairs: boolean;
}

interface Where {
  before: Int32Array;
  after: Int32Array;
}

/** For every place and direction, the places before and after it on the path, or -1. */
function neighbours(shape: PipelineShape): [Where, Where] {
  const of = (microBatch: number): Where => {
    const path = pathOf(shape, microBatch).map((at) => at.stage * shape.chunks + at.chunk);
    const before = new Int32Array(shape.stages * shape.chunks).fill(-1);
    const after = new Int32Array(shape.stages * shape.chunks).fill(-1);
    for (let i = 1; i < path.length; i++) {
      before[path[i]] = path[i - 1];
      after[path[i - 1]] = path[i];
    }
    return { before, after };
  };
  return [of(0), of(shape.microBatches - 1)];
}

const isForward = (op: Operation) => op.phase === "F";
const givesGradient = (op: Operation) => op.phase === "B" || op.phase === "BW";

/**
 * Puts programs in order.
 *
 * @throws {RangeError} where an operation waits for one that never runs, or in a circle.
 */
export function compilePrograms(programs: readonly PipelineProgram[]): CompiledPrograms {
  const { shape } = programs[0];
  const { chunks, microBatches } = shape;
  const count = programs.reduce((sum, program) => sum + program.operations.length, 1);
  const places = shape.stages * chunks;
  const ways = neighbours(shape);
  // The node that gave the output, by place and micro-batch; 0 is not yet.
  const forwardOf = new Int32Array(places * microBatches);
  const gradientOf = new Int32Array(places * microBatches);
  const cost = new Uint16Array(count);
  const before = new Int32Array(count);
  const inputs = [new Int32Array(count), new Int32Array(count)] as const;
  const sent = [new Uint8Array(count), new Uint8Array(count)] as const;
  const stageOf = new Uint16Array(count);
  const index = new Int32Array(count);
  const next = new Int32Array(programs.length);
  const last = new Int32Array(programs.length);
  let node = 1;

  /** Notes what an operation of node `node` waits for; false where that has not run yet. */
  function link(op: Operation, stage: number, slot: 0 | 1): boolean {
    const place = stage * chunks + op.chunk;
    const way = ways[op.microBatch < microBatches / 2 ? 0 : 1];
    let source = -1;
    let input = 0;
    if (op.phase === "F") {
      source = way.before[place];
      if (source >= 0) input = forwardOf[source * microBatches + op.microBatch];
    } else if (op.phase === "W") {
      return gradientOf[place * microBatches + op.microBatch] > 0;
    } else {
      if (forwardOf[place * microBatches + op.microBatch] === 0) return false;
      source = way.after[place];
      if (source >= 0) input = gradientOf[source * microBatches + op.microBatch];
    }
    if (source >= 0 && input === 0) return false;
    inputs[slot][node] = input;
    sent[slot][node] = source >= 0 && Math.floor(source / chunks) !== stage ? 1 : 0;
    return true;
  }

  /** Runs what stage `s` can run now; returns whether it ran anything. */
  function advance(s: number): boolean {
    const { operations } = programs[s];
    let ran = false;
    while (next[s] < operations.length) {
      const at = next[s];
      const op = operations[at];
      const partner = operations[at + 1]?.paired ? operations[at + 1] : undefined;
      if (!link(op, s, 0) || (partner && !link(partner, s, 1))) return ran;
      const forward = partner && isForward(partner) ? partner : op;
      const kind = partner ? NodeKind.Pair : NodeKind[op.phase];
      cost[node] = kind * places + s * chunks + forward.chunk;
      before[node] = last[s];
      stageOf[node] = s;
      index[node] = at;
      for (const one of partner ? [op, partner] : [op]) {
        const slot = (s * chunks + one.chunk) * microBatches + one.microBatch;
        if (isForward(one)) forwardOf[slot] = node;
        if (givesGradient(one)) gradientOf[slot] = node;
      }
      last[s] = node++;
      next[s] = at + (partner ? 2 : 1);
      ran = true;
    }
    return ran;
  }

  // Down and up the stages in turn, as forwards and backwards travel.
  for (let moved = true; moved;) {
    moved = false;
    for (let s = 0; s < programs.length; s++) moved = advance(s) || moved;
    for (let s = programs.length - 1; s >= 0; s--) moved = advance(s) || moved;
  }
  const stuck = programs.findIndex((program, s) => next[s] < program.operations.length);
  if (stuck >= 0) {
    const { phase, microBatch, chunk } = programs[stuck].operations[next[stuck]];
    throw new RangeError(
      `Cannot run the programs: stage ${stuck} waits forever with ${phase} of micro-batch ` +
        `${microBatch} on chunk ${chunk}`,
    );
  }
  // Pairs take one node for two operations: the rest of the arrays goes.
  const cut = <T extends Int32Array | Uint16Array | Uint8Array>(array: T) =>
    array.subarray(0, node) as T;
  return {
    shape,
    cost: cut(cost),
    before: cut(before),
    inputs: [cut(inputs[0]), cut(inputs[1])],
    sent: [cut(sent[0]), cut(sent[1])],
    stage: cut(stageOf),
    index: cut(index),
    pairs: node < count,
  };
}
