/**
 * Experts that are no networks (AdaMoE, arXiv 2406.13233; MoE++, arXiv 2410.07348). Among E routed
 * experts they come last, in this order:
 *
 *     constant   a1 x + a2 v with a trained v and a1, a2 = softmax(x W)
 *     copy       x
 *     null       nothing: the weights of a token are shared by its other experts
 *
 * @module
 */
import { NONE } from "../arrays/arrays.ts";
import type { Gated, GateRun, GateShape, GateTensor } from "./gate.ts";
import type { GateRecipe } from "./recipe.ts";
import { fanIn } from "./score/run.ts";

/** Where each kind of experts begins and ends. */
export interface ExpertRanges {
  /** Experts that are networks; also where constant ones begin. */
  networks: number;
  /** Where experts that copy begin. */
  copy: number;
  /** Where those begin that do nothing. */
  null: number;
}

/**
 * Where the kinds of a recipe's E experts begin.
 *
 * @example
 * ```ts
 * import { expertRanges, recipeById } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(expertRanges(recipeById("mixtral"), 8), { networks: 8, copy: 8, null: 8 });
 * ```
 */
export function expertRanges({ zeroExperts }: GateRecipe, experts: number): ExpertRanges {
  const { null: none = 0, copy = 0, constant = 0 } = zeroExperts ?? {};
  const networks = experts - none - copy - constant;
  return { networks, copy: networks + constant, null: networks + constant + copy };
}

/** Parameters of experts that give a constant. */
export function zeroExpertParameters(
  recipe: GateRecipe,
  { dModel }: GateShape,
): Record<string, GateTensor> {
  const count = recipe.zeroExperts?.constant ?? 0;
  const tensors: Record<string, GateTensor> = {};
  for (let i = 0; i < count; i++) {
    tensors[`constant_${i}`] = { shape: [1, dModel], init: "zeros" };
    tensors[`constant_${i}_mix`] = fanIn(dModel, 2);
  }
  return tensors;
}

/** ids with NONE for all experts from `from` on. */
export function onlyBelow<A, I>({ g, shape }: GateRun<A, I>, ids: I, from: number): I {
  const { experts } = shape;
  if (from >= experts) return ids;
  const table = g.indices(
    `first ${from} of ${experts} experts`,
    [experts, 1],
    () => Uint32Array.from({ length: experts }, (_, e) => e < from ? e : NONE),
  );
  return g.lookUpIds(table, ids);
}

/** What experts that copy or give a constant add to the output, by weights gates [T, E]. */
export function zeroExpertOutput<A, I>(
  { g, w, input }: GateRun<A, I>,
  gates_TE: A,
  ranges: ExpertRanges,
): Pick<Gated<A, I>, "copied" | "added"> {
  const plus = (a: A | undefined, b: A) => a === undefined ? b : g.map("add", a, b);
  let copied: A | undefined;
  let added: A | undefined;
  if (ranges.copy < ranges.null) {
    copied = g.sumRows(g.columns(gates_TE, ranges.copy, ranges.null));
  }
  for (let i = 0; ranges.networks + i < ranges.copy; i++) {
    const at = ranges.networks + i;
    const mix_T2 = g.softmax(g.product(input.x, w[`constant_${i}_mix`]));
    const both_T2 = g.map("multiply", mix_T2, g.columns(gates_TE, at, at + 1));
    copied = plus(copied, g.columns(both_T2, 0, 1));
    added = plus(added, g.product(g.columns(both_T2, 1, 2), w[`constant_${i}`]));
  }
  return { copied, added };
}
