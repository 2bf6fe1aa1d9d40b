/**
 * Sums, multiples and copies of whole tensors.
 *
 * @module
 */
import type { Recorder } from "../recorder.ts";
import type { Storage } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { mapTensors } from "./map.ts";
import type { MapRecipe } from "./recipe.ts";

/** The recipes of this file, by name. */
export const mapRecipes = {
  add: { name: "add", reads: ["a", "b"], writes: ["y"], body: "y = a + b;" },
  scale: { name: "scale", reads: ["x"], writes: ["y"], values: ["by"], body: "y = by * x;" },
  axpy: {
    name: "axpy",
    reads: ["x"],
    updates: ["y"],
    values: ["alpha"],
    body: "y = fma(vec4f(alpha), x, y);",
  },
  copy: { name: "copy", reads: ["x"], writes: ["y"], body: "y = x;" },
  zero: { name: "zero", writes: ["y"], body: "" },
} as const satisfies Record<string, MapRecipe>;

/** Options of operators that make a tensor. */
export interface MapResultOptions {
  /** Label of the launch and of the result. */
  label?: string;
  /** Storage of the result; that of the first operand where absent. */
  dtype?: Storage;
}

/** A new tensor like `x`, written by a recipe. */
export function mapped(
  recorder: Recorder,
  x: Tensor,
  options: MapResultOptions & {
    recipe: MapRecipe;
    /** The other tensors and scalars, by name; `x` and the result go by `names`. */
    others?: Readonly<Record<string, Tensor>>;
    /** Names of `x` and of the result in the recipe. */
    names: readonly [x: string, y: string];
    values?: Readonly<Record<string, number>>;
    /** Shape of the result; that of `x` where absent. */
    shape?: readonly number[];
  },
): Tensor {
  const { recipe, others, names, values, shape = x.shape, dtype = x.dtype } = options;
  const { label = recipe.name } = options;
  const y = recorder.pool.tensor(label, shape, { dtype });
  const tensors = { ...others, [names[0]]: x, [names[1]]: y };
  mapTensors(recorder, recipe, { tensors, values, whole: true, label });
  return y;
}

/** Records y = a + b and gives y. n FLOP for n elements; 3 n elements moved. */
export function addTensors(
  recorder: Recorder,
  a: Tensor,
  options: MapResultOptions & { b: Tensor },
): Tensor {
  const { b, ...rest } = options;
  return mapped(recorder, a, { ...rest, recipe: mapRecipes.add, others: { b }, names: ["a", "y"] });
}

/** Records y = by * x and gives y. n FLOP for n elements; 2 n elements moved. */
export function scaleTensor(
  recorder: Recorder,
  x: Tensor,
  options: MapResultOptions & { by: number },
): Tensor {
  const { by, ...rest } = options;
  const names = ["x", "y"] as const;
  return mapped(recorder, x, { ...rest, recipe: mapRecipes.scale, values: { by }, names });
}

/** Records a copy of x, in the same or another storage type, and gives it. 2 n elements moved. */
export function copyTensor(
  recorder: Recorder,
  x: Tensor,
  options: MapResultOptions = {},
): Tensor {
  return mapped(recorder, x, { ...options, recipe: mapRecipes.copy, names: ["x", "y"] });
}

/** Records y += alpha * x, in place. 2 n FLOP for n elements; 3 n elements moved. */
export function addScaled(
  recorder: Recorder,
  y: Tensor,
  options: { x: Tensor; alpha?: number; label?: string },
): void {
  const { x, alpha = 1, label } = options;
  mapTensors(recorder, mapRecipes.axpy, { tensors: { x, y }, values: { alpha }, label });
}

/** Records zeros over all of a tensor, its padding included; not for views of rows. */
export function zeroTensor(
  recorder: Recorder,
  y: Tensor,
  options: { label?: string } = {},
): void {
  mapTensors(recorder, mapRecipes.zero, { tensors: { y }, whole: true, ...options });
}
