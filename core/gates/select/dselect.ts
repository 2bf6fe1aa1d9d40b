/**
 * DSelect-k (arXiv 2106.03760): a choice of k experts that is smooth in its parameters. Each of k
 * codes has log2 E bits; the smooth-step S(z) makes a bit 0 or 1 once z is far enough from 0, and a
 * share between. Expert i gets from a code the product of S(z_b) over the bits b that i has and of
 * 1 - S(z_b) over those it has not; a softmax over the codes weighs them. Experts whose weight is
 * exactly 0 are not run.
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";
import { numberOf, oneMinus, type SpecOf } from "../shorthand.ts";
import type { Selector } from "./run.ts";
import type { SelectSpec } from "./specs.ts";
import { fanIn } from "../score/run.ts";

/**
 * S(t): 0 below -gamma / 2, 1 above gamma / 2, and 3 t / (2 gamma) - 2 t^3 / gamma^3 + 1 / 2 between.
 *
 * @example
 * ```ts
 * import { hostArrays, smoothStep } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const g = hostArrays({ seed: 1 });
 * const t = g.constant("t", [1, 3], () => [-5, 0, 5]);
 * assertEquals([...smoothStep(g, t, 1).data], [0, 0.5, 1]);
 * ```
 */
export function smoothStep<A, I>(g: Arrays<A, I>, t: A, gamma: number): A {
  const half = numberOf(g, gamma / 2);
  const low = numberOf(g, -gamma / 2);
  const inside = g.map("larger", g.map("smaller", t, half), low);
  const cube = g.map("multiply", inside, g.map("square", inside));
  const rise = g.map("add", g.scale(inside, 1.5 / gamma), g.scale(cube, -2 / gamma ** 3));
  return g.shift(rise, 0.5);
}

/** Shares [N, 2^B] of the 2^B experts whose bits, the highest first, are on by shares [N, B]. */
function codeShares<A, I>(g: Arrays<A, I>, on_NB: A): A {
  const bits = g.shapeOf(on_NB)[1];
  let shares = g.beside(oneMinus(g, g.columns(on_NB, 0, 1)), g.columns(on_NB, 0, 1));
  for (let b = 1; b < bits; b++) {
    const on = g.columns(on_NB, b, b + 1);
    const [rows, columns] = g.shapeOf(shares);
    // Each share splits in two neighbours: off and on.
    const wide = g.reshape(shares, [rows * columns, 1]);
    const on_R1 = g.reshape(g.repeatRows(on, columns), [rows * columns, 1]);
    const with_R1 = g.map("multiply", wide, on_R1);
    const pairs = g.beside(g.map("subtract", wide, with_R1), with_R1);
    shares = g.reshape(pairs, [rows, columns * 2]);
  }
  return shares;
}

/** The smooth choice; weights come with it. */
export const dselectSelect: Selector<SpecOf<SelectSpec, "dselect">> = {
  choices: (_, { experts }) => experts,
  parameters: ({ k }, { dModel, experts }) => ({
    codes: fanIn(dModel, k * Math.log2(experts)),
    code_weights: fanIn(dModel, k),
  }),
  refusal({ k }, { experts }) {
    const bits = Math.max(1, Math.round(Math.log2(experts)));
    if (2 ** bits !== experts) {
      return `Binary codes found ${experts} experts, wanted a power of two such as ${2 ** bits}`;
    }
    return k >= 1 ? undefined : `A smooth choice found ${k} codes, wanted at least 1`;
  },
  select({ g, w, input, spec: { k, gamma }, shape: { tokens, experts } }) {
    const bits = Math.log2(experts);
    const z_NB = g.reshape(g.product(input.x, w.codes), [tokens * k, bits]);
    const shares_NE = codeShares(g, smoothStep(g, z_NB, gamma));
    const weights_TK = g.softmax(g.product(input.x, w.code_weights));
    const weighed_NE = g.map("multiply", shares_NE, g.reshape(weights_TK, [tokens * k, 1]));
    const gates_TE = k === 1 ? weighed_NE : g.scale(g.segmentMeans(weighed_NE, k), k);
    const ids = g.where(gates_TE);
    return { ids, weights: g.take(gates_TE, ids), scores: gates_TE };
  },
};
