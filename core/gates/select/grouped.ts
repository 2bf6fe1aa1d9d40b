/**
 * Choices in groups of experts: one in each (prototypes), or groups first and experts in them then.
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";
import { noiseParameters, withNoise } from "../score/noise.ts";
import { fanIn } from "../score/run.ts";
import type { SpecOf } from "../shorthand.ts";
import type { Selector } from "./run.ts";
import type { SelectSpec } from "./specs.ts";
import { logitsOf, tooMany, unevenGroups } from "./top_k.ts";

/**
 * The best of each of k groups, weighed by a softmax within its group: expert prototyping of M6-T,
 * arXiv 2105.15082, section 3.2.
 */
export const prototypesSelect: Selector<SpecOf<SelectSpec, "prototypes">> = {
  choices: ({ k }) => k,
  refusal: ({ k }, shape) => unevenGroups(k, shape),
  select(run) {
    const { g, spec: { k }, shape } = run;
    const logits_TE = logitsOf(run);
    const size = shape.experts / k;
    const best = Array.from({ length: k }, (_, p) => {
      const id = g.topK(g.columns(logits_TE, p * size, (p + 1) * size), 1);
      return p === 0 ? id : g.affine(id, { plus: p * size });
    });
    const ids = g.idsBeside(...best);
    const shares_TE = g.softmax(logits_TE, { parts: k });
    return { ids, weights: g.take(shares_TE, ids), scores: g.scale(shares_TE, 1 / k) };
  },
};

/** Softmax over the k best of each row, 0 elsewhere. */
function bestShares<A, I>(g: Arrays<A, I>, logits: A, k: number): A {
  const ids = g.topK(logits, k);
  return g.put(g.softmax(g.take(logits, ids)), ids, g.shapeOf(logits)[1]);
}

/**
 * The best k groups by a gate of their own, and the best k experts in each of them; the weight is
 * the product of both softmaxes: Shazeer et al., arXiv 1701.06538, section B.
 */
export const hierarchicalSelect: Selector<SpecOf<SelectSpec, "hierarchical">> = {
  choices: ({ k }) => k * k,
  parameters: ({ groups }, shape, { score }) => ({
    primary: score.kind === "linear" && score.init === "zeros"
      ? { shape: [shape.dModel, groups], init: "zeros" }
      : fanIn(shape.dModel, groups),
    ...noiseParameters(score.noise, { name: "primary_noise", columns: groups, shape }),
  }),
  refusal: ({ groups, k }, shape) =>
    unevenGroups(groups, shape) ?? tooMany(k, groups, "groups") ??
      tooMany(k, shape.experts / groups, "experts of a group"),
  select(run) {
    const { g, w, spec: { groups, k }, shape: { tokens, experts }, input: { x } } = run;
    const { logits: primary_TG } = withNoise(run, run.recipe.score.noise, {
      x,
      logits: g.product(x, w.primary),
      name: "primary_noise",
    });
    const groups_R1 = g.reshape(bestShares(g, primary_TG, k), [tokens * groups, 1]);
    const size = experts / groups;
    const within_RS = bestShares(g, g.reshape(logitsOf(run), [tokens * groups, size]), k);
    const gates_TE = g.reshape(g.map("multiply", groups_R1, within_RS), [tokens, experts]);
    const ids = g.topK(gates_TE, k * k);
    return { ids, weights: g.take(gates_TE, ids), scores: gates_TE };
  },
};
