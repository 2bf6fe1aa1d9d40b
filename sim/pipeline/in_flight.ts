/**
 * Activations that wait for their backward pass.
 *
 * @module
 */
import { chunkShare, type PipelineProgram } from "./program.ts";

/** Whole shares are counted in these steps, so that thirds and halves add up without rounding. */
const STEPS = 2 ** 20;

/**
 * The most activations that each stage holds at once, in units of what one micro-batch leaves on
 * a whole stage; a chunk leaves its share of that.
 *
 * A forward adds them, the gradient of the inputs frees all but `keptForWeight`, the gradient of
 * the weights the rest. The default, 1, is the convention of the papers on zero bubbles
 * (arXiv 2401.10241): what is kept for W counts in full.
 *
 * @example The first stage of 1F1B holds as many as there are stages
 * ```ts
 * import { inFlight, schedule } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(inFlight(schedule("1f1b", { stages: 4, microBatches: 8 })), [4, 3, 2, 1]);
 * ```
 */
export function inFlight(
  programs: readonly PipelineProgram[],
  options: { keptForWeight?: number } = {},
): number[] {
  const kept = Math.round((options.keptForWeight ?? 1) * STEPS);
  const change = { F: STEPS, B: kept - STEPS, W: -kept, BW: -STEPS };
  return programs.map(({ shape, operations }) => {
    let held = 0;
    let most = 0;
    for (const { phase } of operations) {
      held += change[phase];
      most = Math.max(most, held);
    }
    return most * chunkShare(shape) / STEPS;
  });
}
