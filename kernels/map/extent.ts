/**
 * What there is of a tensor to go through, vector by vector.
 *
 * @module
 */
import { layoutOf, PAD, roundUp } from "../layout.ts";

/** The elements of a tensor in vectors of four. */
export interface Extent {
  /** Planes; where they have no padding rows they count as one long plane. */
  planes: number;
  /** Elements of a plane up to the end of its last row. What follows may hold anything. */
  live: number;
  /** Vectors of a plane that hold live elements. */
  vectors: number;
  /** Vectors from one plane to the next. */
  stride: number;
}

/**
 * The extent of a shape.
 *
 * @example
 * ```ts
 * import { extentOf } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(extentOf([2, 3, 5]), { planes: 2, live: 24, vectors: 6, stride: 16 });
 * assertEquals(extentOf([2, 8, 5]), { planes: 1, live: 128, vectors: 32, stride: 32 });
 * ```
 */
export function extentOf(shape: readonly number[]): Extent {
  const { pitch, plane, elements } = layoutOf(shape);
  const rows = shape.length < 2 ? pitch : shape[shape.length - 2] * pitch;
  const merged = rows === plane;
  const live = merged ? elements : rows;
  return {
    planes: merged ? 1 : elements / plane,
    live,
    vectors: Math.ceil(live / 4),
    stride: roundUp(merged ? elements : plane, PAD) / 4,
  };
}
