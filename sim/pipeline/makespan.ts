/**
 * How long programs take: the longest path through their operations.
 *
 * @module
 */
import { compilePrograms } from "./compiled.ts";
import type { PipelineProgram } from "./program.ts";
import { sweep } from "./sweep.ts";

/** Seconds of the parts of a pipeline, by `[stage][chunk]`. */
export interface PipelineCosts {
  /** Forward pass of a micro-batch. */
  forward: readonly (readonly number[])[];
  /** Gradients of the inputs. */
  backwardInput: readonly (readonly number[])[];
  /** Gradients of the weights. */
  backwardWeight: readonly (readonly number[])[];
  /** Both where they are one operation; the sum unless given. */
  backward?: readonly (readonly number[])[];
  /** From the end of an operation until its output is on another stage. Sends delay no kernels. */
  sendSeconds: number;
  /**
   * A forward and the whole backward of another micro-batch that run beside each other, by the
   * stage and the chunk of the forward; the sum of the two unless given. Both wait for what either
   * needs, and end together.
   */
  pair?: readonly (readonly number[])[];
  /** The same where each has its own beginning and end; goes before `pair`. */
  pairs?: PairTimes;
}

/** Pairs in parts, by `(stage * chunks + chunk of the forward) * chunks + chunk of the backward`. */
export interface PairTimes {
  /** From the beginning of the first until the second begins. */
  lead: readonly number[];
  /** From the beginning of the first until its output is there. */
  first: readonly number[];
  /** From the beginning of the first until the output of the second is there. */
  second: readonly number[];
  /** From the beginning of the first until the stage is free. */
  whole: readonly number[];
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
  return sweep(compilePrograms(programs), costs);
}
