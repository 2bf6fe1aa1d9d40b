/**
 * Training in two stages: StableMoE, arXiv 2204.08396 (survey, section 4.1.1). A router that keeps
 * changing its mind wastes what experts have learned, so
 *
 *     teacher   tokens go where the trained centroids send them, and a light router on word
 *               embeddings learns to send them there too (`distillation`);
 *     student   the light router is frozen and sends them, so that a token's expert never changes
 *               again; the centroids still weigh what the expert gives.
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";

/** A stage of training. */
export type Stage = "teacher" | "student";

/**
 * The stage of a step: the first `share` of all steps train the teacher.
 *
 * @example
 * ```ts
 * import { stageOf } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const run = { steps: 60_000, share: 0.1 };
 * assertEquals([stageOf(5_999, run), stageOf(6_000, run)], ["teacher", "student"]);
 * ```
 */
export function stageOf(step: number, { steps, share }: { steps: number; share: number }): Stage {
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(`Stages were split at a share of ${share} of all steps; it is 0 to 1`);
  }
  // As on the device, whose share of the steps is a rounded one (`select/light.ts`).
  return step / steps < share - 5e-7 ? "teacher" : "student";
}

/**
 * Cross-entropy of the light router's logits [T, E] against the teacher's experts [T, 1], mean over
 * the tokens: [1, 1], in nats. The teacher gets no gradient from it.
 */
export function distillation<A, I>(
  g: Arrays<A, I>,
  { light_TE, chosen_T1 }: { light_TE: A; chosen_T1: I },
): A {
  const [tokens] = g.shapeOf(light_TE);
  const missed_T1 = g.map("subtract", g.logSumExp(light_TE), g.take(light_TE, chosen_T1));
  return g.scale(g.total(missed_T1), 1 / tokens);
}
