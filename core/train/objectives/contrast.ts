/**
 * The usual experts against a weaker one: SCMoE, arXiv 2405.14507 (survey, section 4.1.1). A batch
 * passes twice, the second time with the expert of rank `rank` alone, and the next token is scored by
 * `gates/decoding/contrast.ts`.
 *
 * A score of -Infinity is no probability that a loss could be made of. So what is out of the question
 * keeps the probability that the usual experts give it, and the scores share the rest.
 *
 * @module
 */
import { IGNORED } from "../../../kernels/mod.ts";
import { contrastedScores, type ContrastOptions } from "../../gates/decoding/contrast.ts";
import { rankedChoice } from "../../gates/decoding/ranked.ts";
import { logSum } from "../../gates/decoding/mixture.ts";
import type { DecoderOf } from "./decoder.ts";

/**
 * Loss of a token by contrasted scores, nats, from logits [V] of both passes.
 *
 * @example Without a difference the loss is that of the logits
 * ```ts
 * import { contrastedLoss } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const logits = { strong: [0, 0], weak: [0, 0] };
 * assertAlmostEquals(contrastedLoss(logits, 1), Math.log(2));
 * assertAlmostEquals(contrastedLoss({ strong: [9, 0], weak: [0, 9] }, 1), 9, 1e-3);
 * ```
 */
export function contrastedLoss(
  logits: { strong: ArrayLike<number>; weak: ArrayLike<number> },
  target: number,
  options: ContrastOptions = {},
): number {
  const { strong } = logits;
  const scores = contrastedScores(logits, options);
  const all = logSum(strong);
  if (scores[target] === -Infinity) return all - strong[target];
  const left = logSum(Float64Array.from(scores, (s, v) => s === -Infinity ? s : strong[v])) - all;
  return logSum(scores) - scores[target] - left;
}

/** See the module. */
export const contrastDecoder: DecoderOf<"contrast"> = async (
  run,
): Promise<Float64Array> => {
  const { recipe, spec, vocabulary, targets, logits } = run;
  const strong_TV = await logits({});
  const weak = { ...recipe, select: rankedChoice(recipe.select, spec.rank) };
  const weak_TV = await logits({ recipe: weak });
  return Float64Array.from(targets, (target, t) => {
    if (target === IGNORED) return 0;
    const row = (of: Float32Array) => of.subarray(t * vocabulary, (t + 1) * vocabulary);
    return contrastedLoss({ strong: row(strong_TV), weak: row(weak_TV) }, target, spec);
  });
};
