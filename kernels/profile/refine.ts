/**
 * Curves on finer grids than they were measured on.
 *
 * The time of an operator is nearly affine in each of its dimensions: a fixed cost, and one for each
 * row, column or step. Prices follow a power law between neighbours of a grid, which is the same
 * thing only where neighbours are near: between sizes eight times apart it is a third too high. So a
 * few shapes are measured, and those between them are filled in, until neighbours are twice apart.
 *
 * @module
 */
import { type Curve, gridCorners, sortedAxes } from "../base/profile_schema.ts";

/** Neighbours on a refined axis are no further apart than this factor. */
const APART = 2;

/**
 * Whole numbers between those of an axis, about equally spaced in their logarithms.
 *
 * @example
 * ```ts
 * import { refinedAxis } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(refinedAxis([32, 256, 300]), [32, 64, 128, 256, 300]);
 * ```
 */
export function refinedAxis(axis: readonly number[]): number[] {
  return axis.flatMap((low, i) => {
    if (i === axis.length - 1) return [low];
    const ratio = axis[i + 1] / low;
    const pieces = Math.ceil(Math.log(ratio) / Math.log(APART) - 1e-9);
    const between = Array.from(
      { length: pieces },
      (_, j) => Math.round(low * ratio ** (j / pieces)),
    );
    return [...new Set(between)];
  });
}

/** The value at a place within a grid, affine in every dimension between neighbours. */
function valueAt(axes: Curve["axes"], values: readonly number[], at: Record<string, number>) {
  let corners = [{ index: 0, weight: 1 }];
  for (const [name, axis] of sortedAxes(axes)) {
    const last = axis.length - 1;
    const low = Math.max(0, axis.findLastIndex((x) => x <= at[name]));
    const high = Math.min(low + 1, last);
    const share = high > low ? (at[name] - axis[low]) / (axis[high] - axis[low]) : 0;
    corners = corners.flatMap(({ index, weight }) => [
      { index: index * axis.length + low, weight: weight * (1 - share) },
      { index: index * axis.length + high, weight: weight * share },
    ]);
  }
  return corners.reduce((sum, { index, weight }) => sum + weight * values[index], 0);
}

/**
 * A curve with shapes filled in between those that it has.
 *
 * @example
 * ```ts
 * import { refined } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const seconds = [1, 4];
 * const curve = { quantum: {}, axes: { m: [64, 256] }, fixed: {}, seconds, lo: seconds, hi: seconds };
 * assertEquals(refined(curve).axes, { m: [64, 128, 256] });
 * assertEquals(refined(curve).seconds, [1, 2, 4]);
 * ```
 */
export function refined(curve: Curve): Curve {
  const axes = Object.fromEntries(
    Object.entries(curve.axes).map(([name, axis]) => [name, refinedAxis(axis)]),
  );
  const corners = gridCorners(axes);
  const fill = (values: readonly number[]) => corners.map((at) => valueAt(curve.axes, values, at));
  const { seconds, lo, hi, launches } = curve;
  return {
    ...{ ...curve, axes, seconds: fill(seconds), lo: fill(lo), hi: fill(hi) },
    ...launches && { launches: fill(launches) },
  };
}
