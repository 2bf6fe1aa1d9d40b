/**
 * Whether programs do all the work of a step and come to an end.
 *
 * @module
 */
import { compilePrograms } from "./compiled.ts";
import { type OperationPhase, pathOf, type PipelineProgram } from "./program.ts";

/** What a phase does of F, B and W, as bits. */
const WORK: Record<OperationPhase, number> = { F: 1, B: 2, W: 4, BW: 6 };

/**
 * Checks that every micro-batch does F, B and W once on every chunk of its path and that no stage
 * waits forever.
 *
 * @throws {RangeError} that names the first fault.
 *
 * @example
 * ```ts
 * import { schedule, validatePrograms } from "@moelab/moelab/sim";
 * import { assertThrows } from "@std/assert";
 *
 * const programs = schedule("zb-v", { stages: 4, microBatches: 8 });
 * validatePrograms(programs);
 * const cut = programs.map((p) => ({ ...p, operations: p.operations.slice(0, -1) }));
 * assertThrows(() => validatePrograms(cut), RangeError, "lacks");
 * ```
 */
export function validatePrograms(programs: readonly PipelineProgram[]): void {
  const { shape } = programs[0];
  const key = (stage: number, chunk: number, microBatch: number) =>
    (microBatch * shape.chunks + chunk) * shape.stages + stage;
  const done = new Map<number, number>();
  for (const { stage, operations } of programs) {
    for (const { phase, microBatch, chunk } of operations) {
      const at = key(stage, chunk, microBatch);
      const before = done.get(at) ?? 0;
      if (before & WORK[phase]) {
        throw new RangeError(
          `Stage ${stage} does ${phase} of micro-batch ${microBatch} on chunk ${chunk} twice`,
        );
      }
      done.set(at, before | WORK[phase]);
    }
  }
  let wanted = 0;
  for (let microBatch = 0; microBatch < shape.microBatches; microBatch++) {
    for (const { stage, chunk } of pathOf(shape, microBatch)) {
      wanted++;
      if (done.get(key(stage, chunk, microBatch)) !== 7) {
        throw new RangeError(
          `Stage ${stage} lacks part of F, B and W of micro-batch ${microBatch} on chunk ${chunk}`,
        );
      }
    }
  }
  if (done.size !== wanted) {
    throw new RangeError(
      `The programs work on ${done.size} chunks of micro-batches, wanted ${wanted}`,
    );
  }
  compilePrograms(programs);
}
