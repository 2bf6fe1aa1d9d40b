/**
 * RMSNorm as the base was trained with: with what is added under the root.
 *
 * @module
 */
import { normRecipes } from "../../kernels/norm/kinds.ts";
import type { Arrays } from "../arrays/arrays.ts";

/**
 * x / sqrt(mean(x^2) + epsilon), times `gain` [1, D] where there is one (arXiv 1910.07467, section 4): the
 * unit of rows with one more column, whose square is D epsilon.
 */
export function baseNorm<A, I>(g: Arrays<A, I>, x: A, gain?: A): A {
  const [rows, width] = g.shapeOf(x);
  const more = Math.sqrt(width * normRecipes.rms.epsilon);
  const column = g.constant(
    `epsilon of norms ${rows} of ${width}`,
    [rows, 1],
    () => new Float64Array(rows).fill(more),
  );
  const unit = g.columns(g.unit(g.beside(x, column)), 0, width);
  const normed = g.scale(unit, Math.sqrt(width));
  return gain === undefined ? normed : g.map("multiply", normed, gain);
}
