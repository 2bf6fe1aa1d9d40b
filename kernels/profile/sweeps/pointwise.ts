/**
 * Sweeps of passes over whole tensors: sums and products of elements, sums of squares, and AdamW.
 *
 * @module
 */
import { adamw } from "../../adamw/adamw.ts";
import { mapTensors } from "../../map/map.ts";
import type { MapRecipe } from "../../map/recipe.ts";
import { sumOf } from "../../reduce/sums.ts";
import { staged, type Sweep } from "../sweep.ts";

const COLUMNS = 256;
const sizes = [2 ** 12, 2 ** 16, 2 ** 20];
const shapeOf = (n: number) => [n / COLUMNS, COLUMNS];

/** Tensors that a pass reads. */
const reads = ["a", "b", "c"];
const recipes = reads.map((_, i): MapRecipe => ({
  name: `add ${i + 1}`,
  reads: reads.slice(0, i + 1),
  writes: ["y"],
  body: `y = ${reads.slice(0, i + 1).join(" + ")};`,
}));

/** A pass that reads some tensors and writes one. */
export function elementwiseSweep(): Sweep {
  return {
    kind: "elementwise",
    axes: { n: sizes, reads: reads.map((_, i) => i + 1) },
    quantum: {},
    fixed: {},
    prepare: staged(({ fill, pool }) => (recorder, { n, reads: count }, label) => {
      const y = pool.tensor("y", shapeOf(n));
      const operands = reads.slice(0, count).map((name) => [name, fill(shapeOf(n), name)]);
      const tensors = { ...Object.fromEntries(operands), y };
      mapTensors(recorder, recipes[count - 1], { tensors, whole: true, label });
      return [y];
    }),
  };
}

/** The sum of squares of many tensors: the norm of all gradients. */
export function reduceSweep(): Sweep {
  return {
    kind: "reduce",
    axes: { n: [2 ** 14, 2 ** 20], tensors: [1, 32] },
    quantum: {},
    fixed: {},
    prepare: staged(({ fill }) => (recorder, { n, tensors: count }, label) => {
      const tensors = Array.from({ length: count }, (_, i) => fill(shapeOf(n / count), `g${i}`));
      return [sumOf(recorder, tensors, { squares: true, label })];
    }),
  };
}

/** An update by clipped gradients. */
export function adamwSweep(): Sweep {
  return {
    kind: "adamw",
    axes: { n: sizes },
    quantum: {},
    fixed: {},
    prepare: staged(({ fill }) => (recorder, { n }, label) => {
      const [parameter, gradient, m, v] = ["p", "g", "m", "v"]
        .map((name) => fill(shapeOf(n), name));
      const options = { gradient, m, v, factor: fill([1]), step: 1, rate: 1e-6, label };
      adamw(recorder, parameter, options);
      return [];
    }),
  };
}
