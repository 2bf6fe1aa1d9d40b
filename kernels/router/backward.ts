/**
 * The gradient of the router.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { checkScoring, noisyScores, type Scoring, scoringUniforms } from "./scoring.ts";
import { routerBackwardShader } from "./shaders.ts";

/**
 * Records dlogits [T, E] from `dweights` (T * K, f32) and, where balance losses have one, from the
 * gradient `dscores` [T, E] of all scores. The scoring is that of the forward. Noise that the scores
 * contain has the same gradient as the logits; the choice itself and its bias have none.
 */
export function routerBackward(
  recorder: Recorder,
  logits: Tensor,
  options: Scoring & { ids: Tensor; dweights: Tensor; dscores?: Tensor; label?: string },
): Tensor {
  const { ids, dweights, dscores, renormalise, label = "router backward" } = options;
  checkScoring(logits, options);
  const { pool, device } = recorder;
  const { dtype, shape } = logits;
  const dlogits = pool.tensor("dlogits_TE", shape, { dtype });
  const noise = noisyScores(options) ? options.noise : undefined;
  const code = storagePrelude(dtype) + routerBackwardShader(options, dscores !== undefined);
  recorder.launch({
    label,
    kernel: compile(device, "router backward", code),
    inputs: [logits, noise, ids, dweights, dscores, dlogits].filter((t) => t !== undefined),
    uniforms: scoringUniforms(logits, {
      scoring: options,
      overAll: !renormalise || dscores !== undefined,
    }),
    grid: linearGrid(shape[0]),
  });
  return dlogits;
}
