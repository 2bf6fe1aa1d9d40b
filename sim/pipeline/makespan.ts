/**
 * How long programs take: the longest path through their operations.
 *
 * @module
 */
import { type CompiledPrograms, compilePrograms, NodeKind } from "./compiled.ts";
import type { PipelineProgram, PipelineShape } from "./program.ts";

/** Seconds of the parts of a pipeline, by `[stage][chunk]`. */
export interface PipelineCosts {
  /** Forward pass of a micro-batch. */
  forward: readonly (readonly number[])[];
  /** Gradients of the inputs. */
  backwardInput: readonly (readonly number[])[];
  /** Gradients of the weights. */
  backwardWeight: readonly (readonly number[])[];
  /** From the end of an operation until its output is on another stage. Sends delay no kernels. */
  sendSeconds: number;
  /**
   * A forward and the whole backward of another micro-batch that run beside each other, by the
   * stage and the chunk of the forward; the sum of the two unless given.
   */
  pair?: readonly (readonly number[])[];
}

/** When the operations of a pipeline run. */
export interface PipelineTimes {
  /** From the first start to the last end. */
  seconds: number;
  /** End of every node of the compiled programs. */
  endSeconds: Float64Array;
}

/** Costs that are the same on every stage and chunk. */
export function evenCosts(
  shape: { stages: number; chunks: number },
  of: { forward: number; backwardInput: number; backwardWeight: number; sendSeconds: number },
): PipelineCosts {
  const all = (seconds: number) =>
    Array.from({ length: shape.stages }, () => new Array<number>(shape.chunks).fill(seconds));
  return {
    forward: all(of.forward),
    backwardInput: all(of.backwardInput),
    backwardWeight: all(of.backwardWeight),
    sendSeconds: of.sendSeconds,
  };
}

/** Costs in the order of `CompiledPrograms.cost`. */
function costTable({ stages, chunks }: PipelineShape, costs: PipelineCosts): Float64Array {
  const { forward, backwardInput, backwardWeight, pair } = costs;
  const places = stages * chunks;
  const table = new Float64Array(5 * places);
  for (let s = 0; s < stages; s++) {
    for (let c = 0; c < chunks; c++) {
      const at = s * chunks + c;
      // A pair is a forward on one chunk and a backward on the other.
      const other = chunks - 1 - c;
      table[NodeKind.F * places + at] = forward[s][c];
      table[NodeKind.B * places + at] = backwardInput[s][c];
      table[NodeKind.W * places + at] = backwardWeight[s][c];
      table[NodeKind.BW * places + at] = backwardInput[s][c] + backwardWeight[s][c];
      table[NodeKind.Pair * places + at] = pair
        ? pair[s][c]
        : forward[s][c] + backwardInput[s][other] + backwardWeight[s][other];
    }
  }
  return table;
}

/** The times of compiled programs, in one sweep. */
export function sweep(compiled: CompiledPrograms, costs: PipelineCosts): PipelineTimes {
  const { shape, cost, before, inputs, sent, pairs } = compiled;
  const [inputA, inputB] = inputs;
  const [sentA, sentB] = sent;
  const { sendSeconds } = costs;
  const table = costTable(shape, costs);
  const count = cost.length;
  const endSeconds = new Float64Array(count);
  let seconds = 0;
  for (let i = 1; i < count; i++) {
    let start = endSeconds[inputA[i]] + sentA[i] * sendSeconds;
    const free = endSeconds[before[i]];
    if (free > start) start = free;
    if (pairs) {
      const second = endSeconds[inputB[i]] + sentB[i] * sendSeconds;
      if (second > start) start = second;
    }
    const end = start + table[cost[i]];
    endSeconds[i] = end;
    if (end > seconds) seconds = end;
  }
  return { seconds, endSeconds };
}

/**
 * Seconds that programs take.
 *
 * @throws {RangeError} where they can never end.
 *
 * @example 1F1B takes (m + p - 1) times a micro-batch's forward and backward
 * ```ts
 * import { evenCosts, makespan, schedule } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const size = { stages: 8, microBatches: 32, chunks: 1 };
 * const each = { forward: 1, backwardInput: 1, backwardWeight: 1, sendSeconds: 0 };
 * assertEquals(makespan(schedule("1f1b", size), evenCosts(size, each)), (32 + 8 - 1) * 3);
 * ```
 */
export function makespan(programs: readonly PipelineProgram[], costs: PipelineCosts): number {
  return sweep(compilePrograms(programs), costs).seconds;
}
