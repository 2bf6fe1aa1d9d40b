/**
 * How long programs take: the longest path through their operations.
 *
 * @module
 */
import { compilePrograms } from "./compiled.ts";
import type { PipelineCosts } from "./costs.ts";
import type { PipelineProgram } from "./program.ts";
import { sweep } from "./sweep.ts";

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
