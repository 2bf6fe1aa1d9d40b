/**
 * Which domain a text is of, from how well each domain's expert foretold it so far: DEMix, arXiv
 * 2108.05036 (survey, section 4.1.1). By Bayes,
 *
 *     P(domain | text) is in proportion to P(domain) P(text | expert of the domain)
 *
 * and the experts' predictions are mixed by it (`mixture.ts`). The prior is uniform; or it is
 * updated from the texts before, each older one counting `keep` as much as the next; or it is the
 * mean of what held-out texts of the domain gave, and then stays (cached). That the work keeps 0.3
 * is not confirmed: it is a setting.
 *
 * @module
 */
import { logSum } from "./mixture.ts";

/** Probabilities [G] that are all alike. */
export function uniformPrior(domains: number): Float64Array {
  return new Float64Array(domains).fill(1 / domains);
}

/**
 * The posterior [G] of a text, from the sum of its tokens' log-probabilities under each domain's
 * expert [G] and a prior [G].
 *
 * @example
 * ```ts
 * import { domainPosterior, uniformPrior } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const logLikelihoods_G = [Math.log(0.02), Math.log(0.06)];
 * assertAlmostEquals(domainPosterior(logLikelihoods_G, uniformPrior(2))[1], 0.75);
 * ```
 */
export function domainPosterior(
  logLikelihoods_G: ArrayLike<number>,
  prior_G: ArrayLike<number>,
): Float64Array {
  if (logLikelihoods_G.length !== prior_G.length) {
    throw new RangeError(
      `Likelihoods under ${logLikelihoods_G.length} experts met a prior of ${prior_G.length}; ` +
        `both must be as many`,
    );
  }
  const joint = Float64Array.from(logLikelihoods_G, (l, j) => l + Math.log(prior_G[j]));
  const all = logSum(joint);
  if (!Number.isFinite(all)) {
    throw new RangeError(
      `No domain of prior ${Array.from(prior_G)} can have given the text (log-likelihoods ` +
        `${Array.from(logLikelihoods_G)}); one must have both above 0`,
    );
  }
  return joint.map((l) => Math.exp(l - all));
}

/**
 * The posterior before each token, [T, G] by rows: what was known of the domain when the token was
 * foretold, from log-probabilities [T, G] of the tokens under the experts. Row 0 is the prior.
 */
export function runningPosterior(
  logP_TG: readonly ArrayLike<number>[],
  prior_G: ArrayLike<number>,
): Float64Array[] {
  const sum = new Float64Array(prior_G.length);
  return logP_TG.map((row) => {
    const known = domainPosterior(sum, prior_G);
    sum.forEach((_, j) => sum[j] += row[j]);
    return known;
  });
}

/**
 * The prior after texts with these posteriors, oldest first: their mean, each older one weighed
 * `keep` times the next. With `keep` 1 it is the mean that a cached prior is; without texts, uniform.
 */
export function updatedPrior(
  posteriors: readonly ArrayLike<number>[],
  { domains, keep }: { domains: number; keep: number },
): Float64Array {
  if (!(keep >= 0 && keep <= 1)) {
    throw new RangeError(`A prior keeps ${keep} of what was known; it is 0 to 1`);
  }
  if (posteriors.length === 0) return uniformPrior(domains);
  const sum = new Float64Array(domains);
  let all = 0;
  posteriors.forEach((row, i) => {
    const weight = keep ** (posteriors.length - 1 - i);
    all += weight;
    sum.forEach((_, j) => sum[j] += weight * row[j]);
  });
  return sum.map((s) => s / all);
}
