/**
 * Softmax and top-k on the device: which experts a token goes to, and with what weight.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import { compile, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import code from "./router.wgsl" with { type: "text" };

/** The choice of each token, as flat tensors of T * K elements, token by token. */
export interface Routing {
  /** Expert ids, u32. */
  ids: Tensor;
  /** Weights, f32. */
  weights: Tensor;
}

/**
 * Records the choice of the `topK` largest of the logits [T, E]; ties go to the lower index.
 *
 * Weights are the softmax over all E (the sum over a token's K is below 1), or, where `renormalise`
 * is set, that divided by the token's sum, which equals a softmax over the K chosen logits.
 */
export function router(
  recorder: Recorder,
  logits: Tensor,
  options: { topK: number; renormalise: boolean; label?: string },
): Routing {
  const [tokens, experts] = logits.shape;
  const { topK, renormalise, label = "router" } = options;
  if (topK < 1 || topK > experts) {
    throw new UserError(`Cannot choose ${topK} of ${experts} experts: wanted 1 to ${experts}`);
  }
  const ids = recorder.pool.tensor("ids_TK", [tokens * topK]);
  const weights = recorder.pool.tensor("weights_TK", [tokens * topK]);
  recorder.launch({
    label,
    kernel: compile(recorder.device, "router", code),
    inputs: [logits, ids, weights],
    uniforms: [tokens, experts, topK, logits.pitch, renormalise ? 1 : 0],
    grid: [Math.ceil(tokens / 64)],
  });
  return { ids, weights };
}
