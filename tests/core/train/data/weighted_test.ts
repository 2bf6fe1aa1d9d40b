/** Corpora with weights: every round has its shares, and nothing else of a batch depends on them. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { batchOf } from "../../../../core/train/data/corpus.ts";
import { syntheticCorpus } from "../../../../core/train/data/synthetic.ts";
import { weightedCorpus } from "../../../../core/train/data/weighted.ts";
import { UserError } from "../../../../kernels/base/errors.ts";

const corpus = syntheticCorpus({ domains: 3 });

/** Sequences of each domain in the first rounds of 20. */
function countsOf(weights: readonly number[], { rounds, seed }: { rounds: number; seed: number }) {
  const weighted = weightedCorpus(corpus, weights);
  return Array.from({ length: rounds }, (_, step) => {
    const { tags } = batchOf(weighted, { sequences: 20, length: 1, seed, step });
    return weights.map((_, domain) => tags.filter((tag) => tag === domain).length);
  });
}

Deno.test("of 20 sequences each domain has its share, up to one", () => {
  const weights = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 3 })
    .filter((w) => w.some((one) => one > 0));
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 9 }), (weights, seed) => {
      const sum = weights.reduce((a, b) => a + b);
      for (const counts of countsOf(weights, { rounds: 3, seed })) {
        counts.forEach((n, domain) => {
          assert(Math.abs(n - 20 * weights[domain] / sum) < 1 + 1e-9, `${counts} of ${weights}`);
          if (weights[domain] === 0) assertEquals(n, 0);
        });
      }
    }),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("over many rounds shares are the weights, even where a round cannot have them", () => {
  const counts = countsOf([0.9, 0.07, 0.03], { rounds: 300, seed: 1 });
  const shares = [0, 1, 2].map((d) => counts.reduce((sum, one) => sum + one[d], 0) / 6000);
  [0.9, 0.07, 0.03].forEach((wanted, d) =>
    assert(Math.abs(shares[d] - wanted) < 4e-3, `${shares}`)
  );
});

Deno.test("the order of domains changes from round to round, and repeats with the seed", () => {
  const weighted = weightedCorpus(corpus, [1, 1, 1]);
  const tags = (step: number, seed = 1) =>
    batchOf(weighted, { sequences: 20, length: 1, seed, step }).tags.join("");
  assertEquals(tags(0), tags(0));
  assert(tags(0) !== tags(1) && tags(0) !== tags(0, 2));
});

Deno.test("texts of a domain are those that the corpus gives at that place", () => {
  const options = { sequences: 4, length: 16, seed: 3, step: 5 };
  const { ids } = batchOf(weightedCorpus(corpus, [0, 1, 0]), options);
  const { ids: plain, tags } = batchOf(corpus, options);
  const same = [0, 1, 2, 3].filter((s) => tags[s * 16] === 1);
  assert(same.length > 0);
  for (const s of same) {
    assertEquals(ids.slice(s * 16, (s + 1) * 16), plain.slice(s * 16, (s + 1) * 16));
  }
});

Deno.test("weights that fit no domains are refused", () => {
  const refused = (weights: number[]) =>
    assertThrows(() => weightedCorpus(corpus, weights), UserError).message;
  assertEquals(
    refused([1, 2]),
    `Cannot weigh the domains of ${corpus.id}: found weights 1, 2, wanted 3 of 0 or more, not all 0`,
  );
  for (const weights of [[0, 0, 0], [1, -1, 1], [1, NaN, 1], [1, Infinity, 1], []]) {
    refused(weights);
  }
});
