/**
 * Programs as typed arrays in an order in which every operation comes after all that it waits for,
 * so that their times are one sweep.
 *
 * Every operation is a node. It waits for the one before it on its stage and for its input: the
 * forward of the position before it on the path, the backward of the one after it. Inputs from
 * another stage take the send time. Two operations that run beside each other are two nodes in a
 * row that begin together.
 *
 * @module
 */
import { type Operation, pathOf, type PipelineProgram, type PipelineShape } from "./program.ts";

/** Kinds of nodes. */
export const NodeKind = { F: 0, B: 1, W: 2, BW: 3 } as const;

/**
 * Which operations run beside each other: those that a program says ("marked"), every whole backward
 * with the forward behind it ("followed"), or none.
 */
export type PairRule = "marked" | "followed" | "none";

/** Where a node is: alone, or the first or the second of a pair. */
export const NodeRole = { alone: 0, first: 1, second: 2 } as const;

/** Which end of a chunk's work a node is: neither, its first forward or its last weight gradient. */
export const NodeEnd = { none: 0, first: 1, last: 2 } as const;

/** Programs, ready to be timed; see the module. Node 0 stands for "nothing to wait for". */
export interface CompiledPrograms {
  /** The pipeline. */
  shape: PipelineShape;
  /**
   * Where its cost is: `kind * places + place` alone, `place * chunks + other` in a pair whose
   * forward is at `place` and whose backward is on chunk `other`.
   */
  cost: Uint16Array;
  /** The node whose output it needs. */
  input: Int32Array;
  /** Whether that comes from another stage. */
  sent: Uint8Array;
  /** `stage * chunks + chunk`. */
  place: Uint16Array;
  /** Its stage. */
  stage: Uint16Array;
  /** One of `NodeRole`. */
  role: Uint8Array;
  /** One of `NodeEnd`. */
  end: Uint8Array;
  /** The index of its operation in the program of its stage. */
  index: Int32Array;
  /** Whether any node is in a pair. */
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
const givesWeights = (op: Operation) => op.phase === "W" || op.phase === "BW";

function pairUp(rule: PairRule, op: Operation, next: Operation | undefined): boolean {
  if (next === undefined || rule === "none") return false;
  return rule === "marked" ? next.paired === true : op.phase === "BW" && next.phase === "F";
}

/** Marks each chunk's first forward and last weight gradient. */
function markEnds(nodes: CompiledPrograms, programs: readonly PipelineProgram[]): void {
  const places = nodes.shape.stages * nodes.shape.chunks;
  const seen = new Uint8Array(places);
  const last = new Int32Array(places);
  for (let node = 1; node < nodes.place.length; node++) {
    const place = nodes.place[node];
    const op = programs[nodes.stage[node]].operations[nodes.index[node]];
    if (isForward(op) && seen[place] === 0) {
      seen[place] = 1;
      nodes.end[node] = NodeEnd.first;
    }
    if (givesWeights(op)) last[place] = node;
  }
  for (const node of last) if (node > 0) nodes.end[node] = NodeEnd.last;
}

/**
 * Puts programs in order.
 *
 * @throws {RangeError} where an operation waits for one that never runs, or in a circle.
 */
export function compilePrograms(
  programs: readonly PipelineProgram[],
  options: { pairs?: PairRule } = {},
): CompiledPrograms {
  const { pairs: rule = "marked" } = options;
  const { shape } = programs[0];
  const { chunks, microBatches } = shape;
  const count = programs.reduce((sum, program) => sum + program.operations.length, 1);
  const places = shape.stages * chunks;
  const ways = neighbours(shape);
  // The node that gave the output, by place and micro-batch; 0 is not yet.
  const forwardOf = new Int32Array(places * microBatches);
  const gradientOf = new Int32Array(places * microBatches);
  const nodes: CompiledPrograms = {
    shape,
    cost: new Uint16Array(count),
    input: new Int32Array(count),
    sent: new Uint8Array(count),
    place: new Uint16Array(count),
    stage: new Uint16Array(count),
    role: new Uint8Array(count),
    end: new Uint8Array(count),
    index: new Int32Array(count),
    pairs: false,
  };
  const next = new Int32Array(programs.length);
  let node = 1;

  /** Notes at `at` what an operation waits for; false where that has not run yet. */
  function link(op: Operation, stage: number, at: number): boolean {
    const place = stage * chunks + op.chunk;
    const way = ways[op.microBatch < microBatches / 2 ? 0 : 1];
    let source = -1;
    let input = 0;
    if (op.phase === "F") {
      source = way.before[place];
      if (source >= 0) input = forwardOf[source * microBatches + op.microBatch];
    } else if (op.phase === "W") {
      if (gradientOf[place * microBatches + op.microBatch] === 0) return false;
    } else {
      if (forwardOf[place * microBatches + op.microBatch] === 0) return false;
      source = way.after[place];
      if (source >= 0) input = gradientOf[source * microBatches + op.microBatch];
    }
    if (source >= 0 && input === 0) return false;
    nodes.input[at] = input;
    nodes.sent[at] = source >= 0 && Math.floor(source / chunks) !== stage ? 1 : 0;
    return true;
  }

  function put(op: Operation, s: number, of: { index: number; role: number; cost: number }): void {
    const place = s * chunks + op.chunk;
    nodes.place[node] = place;
    nodes.stage[node] = s;
    nodes.index[node] = of.index;
    nodes.role[node] = of.role;
    nodes.cost[node] = of.cost;
    const slot = place * microBatches + op.microBatch;
    if (isForward(op)) forwardOf[slot] = node;
    if (givesGradient(op)) gradientOf[slot] = node;
    node++;
  }

  /** Runs what stage `s` can run now; returns whether it ran anything. */
  function advance(s: number): boolean {
    const { operations } = programs[s];
    let ran = false;
    while (next[s] < operations.length) {
      const index = next[s];
      const op = operations[index];
      const partner = operations[index + 1];
      const paired = pairUp(rule, op, partner);
      if (!link(op, s, node) || (paired && !link(partner, s, node + 1))) return ran;
      if (paired) {
        const [forward, backward] = isForward(op) ? [op, partner] : [partner, op];
        const cost = (s * chunks + forward.chunk) * chunks + backward.chunk;
        put(op, s, { index, role: NodeRole.first, cost });
        put(partner, s, { index: index + 1, role: NodeRole.second, cost });
        nodes.pairs = true;
      } else {
        const cost = NodeKind[op.phase] * places + s * chunks + op.chunk;
        put(op, s, { index, role: NodeRole.alone, cost });
      }
      next[s] += paired ? 2 : 1;
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
  markEnds(nodes, programs);
  return nodes;
}
