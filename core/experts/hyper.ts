/**
 * An expert that is made for each token by a network (HyperMoE, arXiv 2402.12656): what the experts
 * know that a token did not choose is not lost. Their embeddings' mean goes through a hypernetwork,
 * which gives the weights of a small network D to R to D, and that network computes the token.
 *
 *     z = relu(mean of the embeddings of unchosen experts  M)
 *     y = routed + relu(x P(z)) Q(z)      P(z) [D, R], Q(z) [R, D], both linear in z
 *
 * Each token has matrices of its own; they lie in rows, and constant matrices of zeros and ones spread
 * and gather what a product would.
 *
 * @module
 */
import { marks, oneMinus, shareOfRow, type SpecOf } from "../gates/shorthand.ts";
import { spread, sumEveryNth } from "./blocks.ts";
import { type BesideKind, type ExpertRun, matrix } from "./kind.ts";
import type { BesideSpec } from "./specs.ts";

/** The mean embedding [T, M] of the experts that each token did not choose. */
function unchosen<A, I>({ g, w, shape: { experts }, gated: { dispatch } }: ExpertRun<A, I>): A {
  if (dispatch.kind !== "choice") {
    throw new RangeError(`Made experts of those not chosen by a ${dispatch.kind}, wanted choices`);
  }
  const left = g.map("positive", oneMinus(g, marks(g, dispatch.ids, experts)));
  return g.product(shareOfRow(g, left), w.hyper_embedding);
}

/** The hypernetwork and the embeddings of experts. */
export const hyperExpert: BesideKind<SpecOf<BesideSpec, "hyper">> = {
  parameters: ({ embedding, hidden, rank }, { dModel, experts }) => ({
    hyper_embedding: { shape: [experts, embedding], init: { normal: 1 } },
    hyper_in: matrix(embedding, hidden),
    hyper_down: matrix(hidden, dModel * rank, hidden * dModel),
    hyper_up: matrix(hidden, rank * dModel, hidden * rank),
  }),
  apply(run, { spec: { rank }, given }) {
    const { g, w, x, shape: { dModel } } = run;
    const z = g.map("relu", g.product(unchosen(run), w.hyper_in));
    // Row d R + r of a token's P times x_d, summed over d; then row r D + d of its Q over r.
    const down = g.map("multiply", g.product(z, w.hyper_down), spread(g, x, rank));
    const inner = g.map("relu", g.product(down, sumEveryNth(g, { n: rank, times: dModel })));
    const up = g.map("multiply", g.product(z, w.hyper_up), spread(g, inner, dModel));
    const made = g.product(up, sumEveryNth(g, { n: dModel, times: rank }));
    return { y: g.map("add", given, made), losses: [] };
  },
  flops: ({ embedding, hidden, rank }, { dModel, experts }) =>
    2 * experts * embedding + 2 * embedding * hidden + 4 * hidden * dModel * rank +
    4 * dModel * rank,
};
