/**
 * FLOPs of a training by the description, and how many steps are worth those of BTX.
 *
 * A step is a forward pass and a backward one of twice as many FLOPs. Attention experts that a token is
 * not sent to are not counted, though this suite computes them: what is matched is the method.
 *
 * @module
 */
import { flopsPerToken } from "../../core/spec/flops.ts";
import type { Model } from "../../core/spec/model.ts";

/** Training FLOPs of a token. */
export const trainingFlops = (model: Model, { length }: { length: number }): number =>
  3 * flopsPerToken(model, { sequence: length }).total;

/** Steps of a model that cost what `steps` of another do, 1 or more. */
export function matchedSteps(
  model: Model,
  { against, steps, length }: { against: Model; steps: number; length: number },
): number {
  const ratio = trainingFlops(against, { length }) / trainingFlops(model, { length });
  return Math.max(1, Math.round(steps * ratio));
}
