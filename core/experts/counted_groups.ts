/**
 * The operators of chosen experts: a sort, products over the rows of each, and their gradients. How
 * many choices are dropped is not known beforehand: none are.
 *
 * @module
 */
import { type AnyOp, type GroupedDims, op, type RoutingDims } from "../../kernels/base/op.ts";
import type { ChosenExperts, Shape } from "../arrays/arrays.ts";

/** Indices of which only the shape is known. */
interface Counted {
  shape: Shape;
}

/** Sizes of a choice; the first that asks for it pays for the sort. */
export function groupCounter(forward: AnyOp[]) {
  const known = new Map<Counted, Set<number>>();
  return (chosen: ChosenExperts<Counted>): RoutingDims => {
    const { ids, experts: e } = chosen;
    const dims = { t: ids.shape[0], k: ids.shape[1], e };
    const sorted = known.get(ids) ?? new Set();
    known.set(ids, sorted);
    if (!sorted.has(e)) forward.push(op("group_tokens", dims, { name: "rows by expert" }));
    sorted.add(e);
    return dims;
  };
}

/** The sums of each token's rows, `d` wide. */
export const combined = ({ ids: { shape: [t, k] } }: ChosenExperts<Counted>, d: number) =>
  op("combine", { t, k, d }, { name: "sums of rows" });

/** The gradients of a product with chosen experts: of its rows. */
export const backRows = ({ groups, m, n, k }: GroupedDims) =>
  op("grouped_gemm_nt", { groups, m, n: k, k: n }, { name: "experts dx" });

/** And of its weights, which then lie side by side again where they did. */
export const backWeights = ({ groups, m, n, k }: GroupedDims, beside?: Shape) => [
  op("grouped_gemm_tn", { groups, m: k, n, k: m }, { name: "experts dw" }),
  ...beside
    ? [op("elementwise", { n: beside[0] * beside[1], reads: 1 }, { name: "weights side by side" })]
    : [],
];
