/**
 * Decoding against a weaker self: SCMoE, arXiv 2405.14507 (survey, section 4.1.1). The model runs
 * twice, once with its usual experts and once with a choice that it would not make, such as the
 * expert of another rank. What the usual choice likes better than the weak one is taken.
 *
 * @module
 */

/** How strongly the two are contrasted. */
export interface ContrastOptions {
  /** Tokens below this share of the likeliest one's probability are out of the question. */
  alpha?: number;
  /** Weight of the difference. */
  beta?: number;
}

/**
 * Scores (1 + beta) strong - beta weak of logits [V]; -Infinity where strong is below
 * log(alpha) + its largest. The defaults, 0.1 and 0.5, are the work's.
 *
 * @example
 * ```ts
 * import { contrastedScores } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const strong = [2, 1.5, -9];
 * assertEquals([...contrastedScores({ strong, weak: [2, 0, 0] })], [2, 2.25, -Infinity]);
 * ```
 */
export function contrastedScores(
  logits: { strong: ArrayLike<number>; weak: ArrayLike<number> },
  { alpha = 0.1, beta = 0.5 }: ContrastOptions = {},
): Float64Array {
  const strong = Float64Array.from(logits.strong);
  const { weak } = logits;
  if (weak.length !== strong.length) {
    throw new RangeError(
      `Logits of ${strong.length} tokens were contrasted with ${weak.length}; both must be as many`,
    );
  }
  if (!(alpha > 0 && alpha <= 1)) {
    throw new RangeError(`Contrast masks below a share of ${alpha}; it is above 0 and at most 1`);
  }
  const least = Math.log(alpha) + strong.reduce((a, b) => Math.max(a, b), -Infinity);
  return strong.map((s, v) => s < least ? -Infinity : (1 + beta) * s - beta * weak[v]);
}
