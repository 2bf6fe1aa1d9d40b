/**
 * One expert layer by itself as a program, to be timed and counted: forward, and backward to what it
 * reads and to its parameters.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import { within } from "../nn/gating.ts";
import { addAll, meanOfAll } from "../programs/blocks.ts";
import type { ExpertCompute } from "../programs/chosen_experts.ts";
import { type ModelProgram, prefixed, type ProgramRun } from "../programs/program.ts";
import {
  countedArrays,
  type CountedIds,
  type CountedMatrix,
  countedMatrix,
  type CountedOps,
} from "./counted_arrays.ts";
import {
  expertLayer,
  expertLayerParameters,
  type ExpertLayerShape,
  expertLayerStates,
} from "./layer.ts";
import type { ExpertRecipe } from "./recipe.ts";

/**
 * A program whose parameter `x` [T, D] passes a layer; the loss is the mean square of what comes out,
 * with the losses of the gate. What an earlier layer left is `x` too. A batch has `tokens` and `tags`,
 * [T, 1] each.
 */
export function expertLayerProgram(
  recipe: ExpertRecipe,
  shape: ExpertLayerShape,
  { compute }: { compute?: ExpertCompute } = {},
): ModelProgram {
  const { tokens, dModel } = shape;
  return {
    parameters: {
      x: { shape: [tokens, dModel], init: { normal: 1 } },
      ...prefixed("experts.", expertLayerParameters(recipe, shape)),
    },
    states: prefixed("experts.", expertLayerStates(recipe, shape)),
    indices: { tokens: [tokens, 1], tags: [tokens, 1] },
    loss<A, I>(g: Arrays<A, I>, { w, state, ids, training }: ProgramRun<A, I>) {
      const { x } = w;
      const { y, losses, states } = expertLayer({
        ...{ g, w: within(w, "experts."), state: within(state, "experts."), shape, training },
        compute,
        input: { x, tokens: ids.tokens, before: ids.tokens, tags: ids.tags },
        earlier: { input: x, middle: x, output: x },
      }, recipe);
      const whole = meanOfAll(g, g.map("square", y));
      return {
        loss: addAll(g, [whole, ...losses.map(({ value }) => value)]),
        figures: { y },
        states: prefixed("experts.", states),
      };
    },
  };
}

/**
 * The operators of a program's forward pass and gradient, counted without running anything.
 *
 * @example
 * ```ts
 * import { countProgram, expertLayerProgram, expertRecipeById } from "@moelab/moelab/core";
 * import { flops } from "@moelab/moelab/kernels";
 * import { assert } from "@std/assert";
 *
 * const shape = {
 *   ...{ dModel: 8, experts: 4, topK: 2, width: 8, tokens: 16, length: 8, vocabulary: 4 },
 *   ...{ tags: 1, layer: 0, layers: 1 },
 * };
 * const { forward, backward } = countProgram(
 *   expertLayerProgram(expertRecipeById("ffn-swiglu"), shape),
 * );
 * const total = (ops: typeof forward) => ops.reduce((sum, op) => sum + flops(op), 0);
 * assert(total(backward) > total(forward));
 * ```
 */
export function countProgram(program: ModelProgram): CountedOps {
  const { parameters, states = {}, matrices = {}, indices = {} } = program;
  const each = <T, R>(all: Readonly<Record<string, T>>, of: (one: T) => R) =>
    Object.fromEntries(Object.entries(all).map(([name, one]): [string, R] => [name, of(one)]));
  const { g, ops } = countedArrays();
  program.loss<CountedMatrix, CountedIds>(g, {
    w: each(parameters, ({ shape }) => countedMatrix(shape)),
    state: each(states, ({ shape }) => countedMatrix(shape, { fixed: true })),
    x: each(matrices, (shape) => countedMatrix(shape, { fixed: true })),
    ids: each(indices, (shape) => ({ shape })),
    training: true,
  });
  return ops;
}
