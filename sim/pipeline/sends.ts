/**
 * Which operations send their output to another stage.
 *
 * @module
 */
import type { Placement } from "./program.ts";

/** Where the work of a chunk goes. */
export interface Sends {
  /** Whether a forward pass sends its output to another stage. */
  forward: boolean;
  /** Whether a backward pass does. */
  backward: boolean;
}

/** Whether the outputs of a chunk of a stage leave the stage. */
export function chunkSends(
  at: { stage: number; chunk: number },
  of: { placement: Placement; stages: number; chunks: number },
): Sends {
  const { stage, chunk } = at;
  const { placement, stages, chunks } = of;
  if (stages === 1) return { forward: false, backward: false };
  const first = stage === 0;
  const last = stage === stages - 1;
  if (placement === "straight") {
    return { forward: !last || chunk < chunks - 1, backward: !first || chunk > 0 };
  }
  // Chunk 0 goes down the stages, chunk 1 up; on a V the one turns into the other.
  return chunk === 0 ? { forward: !last, backward: !first } : { forward: !first, backward: !last };
}
