/**
 * How sure a router is of a token: the entropy of what it gives all experts, before it chooses.
 *
 * A router that tells nothing gives all E experts alike, log2 E bits; one that is sure gives 0. That
 * is another thing than the entropy of the load, which is high for a router that is sure of each token
 * and sends them to different experts. Logits become shares as the router's own scores do: by softmax,
 * or, where experts are scored by sigmoids (DeepSeek-V3, arXiv 2412.19437), by the scores over their
 * sum. A bias that moves loads is no part of it.
 *
 * @module
 */
import type { RouterSettings } from "../../../core/checkpoints/run_settings.ts";

/** Bits of a softmax. */
function softmaxBits(logits: Float32Array): number {
  let most = -Infinity;
  for (const logit of logits) most = Math.max(most, logit);
  let [sum, moment] = [0, 0];
  for (const logit of logits) {
    const part = Math.exp(logit - most);
    sum += part;
    moment += part * (logit - most);
  }
  return (Math.log(sum) - moment / sum) / Math.LN2;
}

/** Bits of sigmoids over their sum. */
function sigmoidBits(logits: Float32Array): number {
  let [sum, moment] = [0, 0];
  for (const logit of logits) {
    // log(sigmoid(x)), where exp(-x) may be too large for a number.
    const log = Math.min(0, logit) - Math.log1p(Math.exp(-Math.abs(logit)));
    const part = Math.exp(log);
    sum += part;
    moment += part * log;
  }
  return sum > 0 ? (Math.log(sum) - moment / sum) / Math.LN2 : 0;
}

/** Entropy of what a router gives the experts, bits, for each token of its logits [T, E]. */
export function routerBits(
  logits_TE: Float32Array,
  { experts, score }: { experts: number; score: RouterSettings["score"] },
): Float32Array {
  const bitsOf = score === "sigmoid" ? sigmoidBits : softmaxBits;
  return Float32Array.from(
    { length: logits_TE.length / experts },
    (_, t) => bitsOf(logits_TE.subarray(t * experts, (t + 1) * experts)),
  );
}
