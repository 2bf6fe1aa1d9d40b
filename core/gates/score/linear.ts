/**
 * Scores that are a map of the token: linear, a fixed random one, two layers, one a tag.
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";
import { normals, split } from "../../../kernels/base/random.ts";
import type { SpecOf } from "../shorthand.ts";
import { marks } from "../shorthand.ts";
import { fanIn, type Scorer } from "./run.ts";
import type { ScoreSpec } from "./specs.ts";

/** x W (+ b). */
export const linearScore: Scorer<SpecOf<ScoreSpec, "linear">> = {
  parameters: (spec, { dModel, experts }) => ({
    router: spec.init === "zeros"
      ? { shape: [dModel, experts], init: "zeros" }
      : fanIn(dModel, experts),
    ...(spec.bias ? { router_bias: { shape: [1, experts], init: "zeros" } as const } : {}),
  }),
  logits({ g, w, x, spec }) {
    const logits = g.product(x, w.router);
    return spec.bias ? g.map("add", logits, w.router_bias) : logits;
  },
};

/** x R with a random R that is never trained: SMoE-Dropout, arXiv 2303.01610. */
export const fixedScore: Scorer<SpecOf<ScoreSpec, "fixed">> = {
  parameters: () => ({}),
  logits({ g, x, shape: { dModel, experts, layer } }) {
    const name = `layer ${layer} fixed router ${dModel}x${experts}`;
    const router = g.constant(
      name,
      [dModel, experts],
      () => normals(split(0, name), dModel * experts, 1 / Math.sqrt(dModel)),
    );
    return g.product(x, router);
  },
};

/** Two layers. */
export const mlpScore: Scorer<SpecOf<ScoreSpec, "mlp">> = {
  parameters: ({ hidden }, { dModel, experts }) => ({
    router_up: fanIn(dModel, hidden),
    router_down: fanIn(hidden, experts),
  }),
  refusal: ({ hidden }) =>
    hidden >= 1 ? undefined : `A gate of two layers found ${hidden} units, wanted at least 1`,
  logits({ g, w, x, spec: { activation } }) {
    const up = g.product(x, w.router_up);
    const hidden = activation === "gelu" ? gelu(g, up) : g.map(activation, up);
    return g.product(hidden, w.router_down);
  },
};

/** x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)): Hendrycks and Gimpel, arXiv 1606.08415, section 2. */
function gelu<A, I>(g: Arrays<A, I>, x: A): A {
  const bend = g.shift(g.scale(g.map("square", x), 0.044715), 1);
  const inner = g.scale(g.map("multiply", x, bend), 2 * Math.sqrt(2 / Math.PI));
  return g.map("multiply", x, g.map("sigmoid", inner));
}

/**
 * One linear gate for each tag: MMoE (KDD 2018), MOELoRA (arXiv 2310.18339). All gates are computed
 * side by side, [T, G E]; a mask of the token's tag and a product with a stack of identities pick
 * the token's own.
 */
export const byTagScore: Scorer<SpecOf<ScoreSpec, "by-tag">> = {
  parameters: (_, { dModel, experts, tags }) => ({ router: fanIn(dModel, tags * experts) }),
  refusal: (_, { tags }) =>
    tags < 1 ? `A gate for each tag found ${tags} tags, wanted at least 1` : undefined,
  logits({ g, w, x, input, shape: { experts, tags } }) {
    const wide = tags * experts;
    const all_TW = g.product(x, w.router);
    const spread_GW = g.constant(
      `tag blocks ${tags}x${experts}`,
      [tags, wide],
      () =>
        Float64Array.from(
          { length: tags * wide },
          (_, i) => Math.floor((i % wide) / experts) === Math.floor(i / wide) ? 1 : 0,
        ),
    );
    const fold_WE = g.constant(
      `tag fold ${tags}x${experts}`,
      [wide, experts],
      () =>
        Float64Array.from(
          { length: wide * experts },
          (_, i) => Math.floor(i / experts) % experts === i % experts ? 1 : 0,
        ),
    );
    const own_TW = g.product(marks(g, input.tags, tags), spread_GW);
    return g.product(g.map("multiply", all_TW, own_TW), fold_WE);
  },
};
