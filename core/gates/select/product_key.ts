/**
 * The choice that goes with product keys: PEER, arXiv 2407.04153.
 *
 * @module
 */
import type { SpecOf } from "../shorthand.ts";
import type { Selector } from "./run.ts";
import type { SelectSpec } from "./specs.ts";
import { logitsOf, tooMany } from "./top_k.ts";

/**
 * The k best of each head, weighed by a softmax over the head's own; an expert may be chosen by
 * several heads. Logits are [T, heads E].
 */
export const productKeySelect: Selector<SpecOf<SelectSpec, "product-key">> = {
  choices: ({ k }, _, { score }) => k * (score.kind === "product-key" ? score.heads : 1),
  refusal: ({ k }, { experts }) => tooMany(k, experts, "experts"),
  select(run) {
    const { g, spec: { k }, shape: { tokens, experts } } = run;
    const logits_TW = logitsOf(run);
    const heads = g.shapeOf(logits_TW)[1] / experts;
    const parts = Array.from({ length: heads }, (_, h) => {
      const own_TE = g.columns(logits_TW, h * experts, (h + 1) * experts);
      const ids = g.topK(own_TE, k);
      return { ids, weights: g.softmax(g.take(own_TE, ids)) };
    });
    const all_NE = g.reshape(g.softmax(logits_TW, { parts: heads }), [tokens * heads, experts]);
    return {
      ids: g.idsBeside(...parts.map(({ ids }) => ids)),
      weights: g.beside(...parts.map(({ weights }) => weights)),
      scores: heads === 1 ? all_NE : g.segmentMeans(all_NE, heads),
    };
  },
};
