/**
 * Experts of one hidden unit (PEER, arXiv 2407.04153): expert e gives act(u_e . x) v_e. There are so
 * many that product keys find them: a query's halves are compared with sqrt(E) half keys each, and the
 * k best sums are among the k by k sums of the best halves. Only what was found is looked up.
 *
 * @module
 */
import type { SpecOf } from "../gates/shorthand.ts";
import { UserError } from "../../kernels/base/errors.ts";
import type { Arrays } from "../arrays/arrays.ts";
import { matrix, type RoutedKind } from "./kind.ts";
import { activate } from "./networks.ts";
import type { RoutedSpec } from "./specs.ts";

/** Two vectors for each expert, read by index. */
export const neuronExperts: RoutedKind<SpecOf<RoutedSpec, "neuron">> = {
  parameters: (_, { dModel, experts }) => ({
    in: matrix(experts, dModel, dModel),
    out: matrix(experts, dModel, dModel),
  }),
  apply({ g, w, routed, gated: { dispatch } }, { activation }) {
    if (dispatch.kind !== "choice") {
      throw new RangeError(
        `Looked neurons up by a gate that gave ${dispatch.kind}, wanted choices`,
      );
    }
    const [tokens, k] = g.shapeOf(dispatch.weights);
    const ids = g.reshapeIds(dispatch.ids, [tokens * k, 1]);
    const x = g.repeatRows(routed, k);
    const dots = g.sumRows(g.map("multiply", g.lookUp(w.in, ids), x));
    const weights = g.reshape(dispatch.weights, [tokens * k, 1]);
    const amounts = g.map("multiply", activate(g, dots, { activation }), weights);
    const given = g.map("multiply", g.lookUp(w.out, ids), amounts);
    return g.scale(g.segmentMeans(given, k), k);
  },
  flops: (_, { dModel }, chosen) => 4 * dModel * chosen,
};

/** The two halves of queries and of keys. */
export interface ProductKeys<A> {
  /** First and second halves of queries, [T, W] each. */
  queries: readonly [A, A];
  /** First and second half keys, [n, W] each; expert i n + j has halves i and j. */
  keys: readonly [A, A];
}

/**
 * The k best of n by n experts for each token, [T, k], best first, without scoring all: the k best of
 * either half, then the k best of their k by k sums (PEER, arXiv 2407.04153, section 2.1). Exact, since
 * whatever is among the k best has either half among the k best of that half.
 *
 * @throws {UserError} where there are fewer half keys than k.
 *
 * @example
 * ```ts
 * import { bestByProductKeys, hostArrays, hostMatrix } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const query = hostMatrix([1, 1], [1]);
 * const keys = hostMatrix([3, 1], [1, 5, 4]);
 * const { ids, scores } = bestByProductKeys(hostArrays({ seed: 1 }), {
 *   queries: [query, query],
 *   keys: [keys, hostMatrix([3, 1], [0, 1, 3])],
 * }, 2);
 * assertEquals([...ids.data], [5, 8]);
 * assertEquals([...scores.data], [8, 7]);
 * ```
 */
export function bestByProductKeys<A, I>(
  g: Arrays<A, I>,
  { queries, keys }: ProductKeys<A>,
  k: number,
): { ids: I; scores: A } {
  const halves = queries.map((query, i) => {
    const [n] = g.shapeOf(keys[i]);
    if (!(Number.isInteger(k) && k >= 1 && k <= n)) {
      throw new UserError(`Cannot choose the best ${k} by ${n} half keys: wanted 1 to ${n}`);
    }
    const scores = g.product(query, keys[i], { transpose: "b" });
    const ids = g.topK(scores, k);
    return { n, ids, best: g.take(scores, ids) };
  });
  const [first, second] = halves;
  const [tokens] = g.shapeOf(first.best);
  const flat = (a: A) => g.reshape(a, [tokens * k, 1]);
  // Sums [T, k k]: the first half in rows, the second along them.
  const rows = g.repeatRows(second.best, k);
  const sums = g.reshape(g.map("add", rows, flat(first.best)), [tokens, k * k]);
  const chosen = g.topK(sums, k);
  return { ids: expertsAt(g, halves, { chosen, k }), scores: g.take(sums, chosen) };
}

/** Experts of places [T, k] among the k by k sums. */
function expertsAt<A, I>(
  g: Arrays<A, I>,
  halves: readonly { n: number; ids: I }[],
  { chosen, k }: { chosen: I; k: number },
): I {
  const [tokens] = g.indexShapeOf(chosen);
  const part = (name: string, of: (place: number) => number) =>
    g.lookUpIds(
      g.indices(`${name} of ${k} x ${k}`, [k * k, 1], () =>
        Uint32Array.from({ length: k * k }, (_, i) =>
          of(i))),
      chosen,
    );
  const firstRow = g.indices(
    `rows of ${tokens} x ${k}`,
    [tokens, k],
    () => Uint32Array.from({ length: tokens * k }, (_, i) => Math.floor(i / k) * k),
  );
  const idsAt = (ids: I, places: I) =>
    g.lookUpIds(g.reshapeIds(ids, [tokens * k, 1]), g.affine(places, { plus: firstRow }));
  const [first, second] = halves;
  const i = idsAt(first.ids, part("first half", (place) => Math.floor(place / k)));
  const j = idsAt(second.ids, part("second half", (place) => place % k));
  return g.affine(i, { times: second.n, plus: j });
}
