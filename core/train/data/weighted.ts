/**
 * A corpus of which some domains are read more often than others.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { Corpus } from "./corpus.ts";

/**
 * The same corpus, with weights by domain: of each round of 20 sequences each domain has its share,
 * up to one. A domain of weight 0 is never read; it keeps its tag.
 *
 * @throws {UserError} where there are not as many weights as domains, one is below 0 or without
 * end, or all are 0.
 *
 * @example
 * ```ts
 * import { batchOf, syntheticCorpus, weightedCorpus } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const corpus = weightedCorpus(syntheticCorpus({ domains: 3 }), [0.9, 0, 0.1]);
 * const { tags } = batchOf(corpus, { sequences: 20, length: 1, seed: 1, step: 0 });
 * assertEquals([...tags].filter((tag) => tag === 2).length, 2);
 * assertEquals(tags.includes(1), false);
 * ```
 */
export function weightedCorpus(corpus: Corpus, weights: readonly number[]): Corpus {
  const { id, domains } = corpus;
  const sum = weights.reduce((a, b) => a + b, 0);
  if (
    weights.length !== domains.length || !weights.every((w) => w >= 0) ||
    !(sum > 0 && sum < Infinity)
  ) {
    throw new UserError(
      `Cannot weigh the domains of ${id}: found weights ${
        weights.join(", ") || "of none"
      }, wanted ` +
        `${domains.length} of 0 or more, not all 0`,
    );
  }
  return { ...corpus, id: `${id}, weights ${weights.join(", ")}`, weights };
}
