/** Evaluation of models whose losses and choices are known. */
import { assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import { syntheticCorpus } from "../../../core/train/data/synthetic.ts";
import { type Evaluable, evaluateModel } from "../../../core/train/evaluate.ts";
import { IGNORED } from "../../../kernels/mod.ts";

const corpus = syntheticCorpus({ domains: 2 });
const options = { batches: 3, sequences: 4, length: 16, seed: 1 };

/** A model whose loss is the domain's number plus 1, and whose expert is the domain's. */
const byDomain: Evaluable = {
  evaluate({ tags, targets }) {
    const counts = [0, 1].map((tag) => tags.filter((t) => t === tag).length);
    return Promise.resolve({
      losses_T: Float32Array.from(tags, (tag, t) => targets[t] === IGNORED ? 0 : tag + 1),
      layers: [{
        wanted_E: counts,
        kept_E: counts.map((n) => n - 4),
        entropy: 0.25,
        byTag_GE: [counts[0], 0, 0, counts[1]],
        logSumExp2: 2,
      }],
    });
  },
};

Deno.test("losses by domain, and experts that are the domains", async () => {
  const found = await evaluateModel(byDomain, corpus, options);
  assertEquals([found.tokens, found.loss], [3 * 64, 1.5]);
  assertAlmostEquals(found.perplexity, Math.exp(1.5), 1e-12);
  assertEquals(found.domains, [
    { name: "domain 0", tokens: 96, loss: 1 },
    { name: "domain 1", tokens: 96, loss: 2 },
  ]);
  const [layer] = found.layers;
  assertEquals(layer.specialisation, { bits: 1, share: 1 });
  assertEquals([layer.share_E, layer.load.maxOverMean], [[0.5, 0.5], 1]);
  assertAlmostEquals(layer.dropped, 8 / 64, 1e-12);
  assertEquals([layer.entropy, layer.routerZ], [0.25, 2]);
});

Deno.test("only what is hidden counts where masks are predicted", async () => {
  const found = await evaluateModel(byDomain, corpus, { ...options, objective: "masked" });
  // 15 % of 16 tokens are 2 in each of 12 sequences.
  assertEquals([found.tokens, found.loss, found.floor], [24, 1.5, undefined]);
});

Deno.test("a model that knows the process has the floor as its loss, and no other has less", async () => {
  const { length } = options;
  const knows = (tag: (tag: number) => number): Evaluable => ({
    evaluate({ ids, targets, tags }) {
      const losses_T = new Float32Array(ids.length);
      for (let at = 0; at < ids.length; at += length) {
        const text = Uint32Array.of(ids[at], ...targets.subarray(at, at + length));
        losses_T.set(corpus.costs!(tag(tags[at]), text).subarray(1), at);
      }
      return Promise.resolve({ losses_T, layers: [] });
    },
  });
  const told = await evaluateModel(knows((tag) => tag), corpus, options);
  assertAlmostEquals(told.loss, told.floor!.told, 1e-6);
  assertGreater(told.floor!.inferred, told.floor!.told);
  const wrong = await evaluateModel(knows((tag) => 1 - tag), corpus, options);
  assertEquals([wrong.loss, wrong.perplexity], [Infinity, Infinity]);
  assertEquals(wrong.floor, told.floor);
});

Deno.test("a domain that no batch holds has no loss", async () => {
  const many = syntheticCorpus({ domains: 6 });
  const found = await evaluateModel(
    {
      evaluate: ({ ids }) =>
        Promise.resolve({ losses_T: new Float32Array(ids.length), layers: [] }),
    },
    many,
    { ...options, batches: 1, sequences: 2 },
  );
  assertEquals(found.domains.filter(({ loss }) => loss === null).length, 4);
  assertEquals(found.tokens, 32);
});
