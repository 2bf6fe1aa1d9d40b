/**
 * Scores that compare: cosine, attention between experts, embeddings of the gate's own, product keys.
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";
import type { SpecOf } from "../shorthand.ts";
import { fanIn, type Scorer } from "./run.ts";
import type { ScoreSpec } from "./specs.ts";

/**
 * cos(W x, e) / temperature: X-MoE (arXiv 2204.09179, in E / 2 dimensions) and DYNMoE (arXiv
 * 2405.14297, in those of the model, without W). A learned temperature is trained as its logarithm,
 * so that it stays positive.
 */
export const cosineScore: Scorer<SpecOf<ScoreSpec, "cosine">> = {
  parameters({ width, temperature, learned }, { dModel, experts }) {
    const inner = width === "D" ? dModel : halfOf(experts);
    return {
      ...(width === "D" ? {} : { router_down: fanIn(dModel, inner) }),
      experts: { shape: [experts, inner], init: { normal: 1 / Math.sqrt(inner) } },
      ...(learned
        ? { temperature: { shape: [1, 1], init: { value: Math.log(temperature) } } as const }
        : {}),
    };
  },
  logits({ g, w, x, spec }) {
    const inner = spec.width === "D" ? x : g.product(x, w.router_down);
    const cosines = g.product(g.unit(inner), g.unit(w.experts), { transpose: "b" });
    return spec.learned
      ? g.map("multiply", cosines, g.map("exp", g.map("negate", w.temperature)))
      : g.scale(cosines, 1 / spec.temperature);
  },
};

/** E / 2, and at least 1. */
function halfOf(experts: number): number {
  return Math.max(1, Math.floor(experts / 2));
}

/**
 * The attention router of Yuan 2.0-M32 (arXiv 2405.17976): q, k, v of E numbers each; the softmax of
 * each row of the E x E matrix q k^T weighs v. All tokens at once: T E rows of E numbers.
 */
export const attentionScore: Scorer<SpecOf<ScoreSpec, "attention">> = {
  parameters: (_, { dModel, experts }) => ({
    router_q: fanIn(dModel, experts),
    router_k: fanIn(dModel, experts),
    router_v: fanIn(dModel, experts),
  }),
  logits({ g, w, x, shape: { experts } }) {
    const rows = g.shapeOf(x)[0];
    const q_R1 = g.reshape(g.product(x, w.router_q), [rows * experts, 1]);
    const k_RE = g.repeatRows(g.product(x, w.router_k), experts);
    const v_RE = g.repeatRows(g.product(x, w.router_v), experts);
    const attention_RE = g.softmax(g.map("multiply", q_R1, k_RE));
    return g.reshape(g.sumRows(g.map("multiply", attention_RE, v_RE)), [rows, experts]);
  },
};

/** Embeddings of the token ids, times centroids: StableMoE's second stage, arXiv 2204.08396. */
export const embeddingScore: Scorer<SpecOf<ScoreSpec, "embedding">> = {
  parameters: ({ width }, { vocabulary, experts }) => ({
    router_embedding: { shape: [vocabulary, width], init: { normal: 1 } },
    router: fanIn(width, experts),
  }),
  refusal: (_, { vocabulary }) =>
    vocabulary < 1
      ? `A gate on token ids found a vocabulary of ${vocabulary}, wanted at least 1 id`
      : undefined,
  logits: ({ g, w, input }) => g.product(g.lookUp(w.router_embedding, input.tokens), w.router),
};

/**
 * PEER (arXiv 2407.04153): expert i n + j of E = n^2 has key i of a first and key j of a second set
 * of n; its score is the sum of what two halves of a query make of the two keys. Heads share keys
 * and have queries of their own: [N, heads E]. All E sums are formed, which chooses as retrieval
 * from the best k of each set does; that saves work where E is large.
 */
export const productKeyScore: Scorer<SpecOf<ScoreSpec, "product-key">> = {
  parameters: ({ width, heads }, { dModel, experts }) => ({
    router_query: fanIn(dModel, heads * width),
    router_keys_1: {
      shape: [Math.sqrt(experts), width / 2],
      init: { normal: Math.sqrt(2 / width) },
    },
    router_keys_2: {
      shape: [Math.sqrt(experts), width / 2],
      init: { normal: Math.sqrt(2 / width) },
    },
  }),
  refusal({ width }, { experts }) {
    const n = Math.max(1, Math.round(Math.sqrt(experts)));
    if (n * n !== experts) {
      return `Product keys found ${experts} experts, wanted a square number such as ${n * n}`;
    }
    return width % 2 === 0
      ? undefined
      : `Product keys found queries of ${width} numbers, wanted two halves, such as ${width + 1}`;
  },
  logits({ g, w, x, spec: { width, heads }, shape: { experts } }) {
    const rows = g.shapeOf(x)[0];
    const n = Math.sqrt(experts);
    const query = g.reshape(g.product(x, w.router_query), [rows * heads, width]);
    const half = width / 2;
    const first = g.product(g.columns(query, 0, half), w.router_keys_1, { transpose: "b" });
    const second = g.product(g.columns(query, half, width), w.router_keys_2, { transpose: "b" });
    const sums = g.map(
      "add",
      g.product(
        first,
        keySpread(g, n, { name: "first", keyOf: (expert) => Math.floor(expert / n) }),
      ),
      g.product(second, keySpread(g, n, { name: "second", keyOf: (expert) => expert % n })),
    );
    return g.reshape(sums, [rows, heads * experts]);
  },
};

/** 1 where an expert has a key: [n, n n]. */
function keySpread<A, I>(
  g: Arrays<A, I>,
  n: number,
  { name, keyOf }: { name: string; keyOf: (expert: number) => number },
): A {
  const experts = n * n;
  return g.constant(
    `${name} of ${n} keys`,
    [n, experts],
    () =>
      Float64Array.from(
        { length: n * experts },
        (_, i) => Math.floor(i / experts) === keyOf(i % experts) ? 1 : 0,
      ),
  );
}
