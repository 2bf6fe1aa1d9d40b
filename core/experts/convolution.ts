/**
 * Experts that convolve an image: a filter sees `size` by `size` places, nothing beyond the border,
 * and a matrix brings what the filters found back to the width of a place.
 *
 * Which places a filter counts for is the gate's business: experts that take their best patches
 * (pMoE, arXiv 2306.04073), one expert for an image (ADVMOE, arXiv 2308.10110; Chen et al., arXiv
 * 2208.02813), or every filter an expert of its own, weighed by a gate that sees a shallow embedding of
 * the image (DeepMoE, arXiv 1806.01531).
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { type Arrays, NONE } from "../arrays/arrays.ts";
import type { SpecOf } from "../gates/shorthand.ts";
import { weighParts } from "./blocks.ts";
import { type RoutedKind, weightsOf } from "./kind.ts";
import { hidden, networkFlops, networkParameters } from "./networks.ts";
import type { ExpertShape, RoutedSpec } from "./specs.ts";

/**
 * The neighbourhood of each place: x[T, C] of images row by row becomes [T, size size C], zeros beyond
 * the border.
 *
 * @throws {UserError} where the size is even, or images are no whole number of rows.
 *
 * @example
 * ```ts
 * import { hostArrays, hostMatrix, neighbourhoods } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const image = hostMatrix([4, 1], [1, 2, 3, 4]);
 * const x = neighbourhoods(hostArrays({ seed: 1 }), image, { size: 3, length: 4, imageRows: 2 });
 * assertEquals([...x.data.subarray(0, 9)], [0, 0, 0, 0, 1, 2, 0, 3, 4]);
 * ```
 */
export function neighbourhoods<A, I>(
  g: Arrays<A, I>,
  x: A,
  { size, length, imageRows = 0 }: { size: number; length: number; imageRows?: number },
): A {
  const columns = length / imageRows;
  if (size % 2 !== 1 || !Number.isInteger(columns)) {
    throw new UserError(
      `Cannot convolve images of ${length} places in ${imageRows} rows by ${size} x ${size}: wanted ` +
        "a whole number of columns and an odd size, such as 3",
    );
  }
  const [tokens] = g.shapeOf(x);
  const reach = (size - 1) / 2;
  const shifted = (down: number, right: number) =>
    g.lookUp(
      x,
      g.indices(`places ${down}, ${right} of ${imageRows} x ${columns}`, [tokens, 1], () =>
        Uint32Array.from({ length: tokens }, (_, t) => {
          const place = t % length;
          const row = Math.floor(place / columns) + down;
          const column = place % columns + right;
          const inside = row >= 0 && row < imageRows && column >= 0 && column < columns;
          return inside ? t - place + row * columns + column : NONE;
        })),
    );
  const offsets = Array.from({ length: size }, (_, i) => i - reach);
  return g.beside(
    ...offsets.flatMap((down) =>
      offsets.map((right) => down === 0 && right === 0 ? x : shifted(down, right))
    ),
  );
}

const seen = (size: number, { dModel }: ExpertShape) => size * size * dModel;

/** Filters of all experts side by side; `width` of the shape is the filters of an expert. */
export const convolutionExperts: RoutedKind<SpecOf<RoutedSpec, "convolution">> = {
  parameters({ size, activation }, shape) {
    const { dModel: back, experts, width } = shape;
    const rows = seen(size, shape);
    return networkParameters("", { rows, columns: experts * width, back, width, activation });
  },
  apply(run, { size, activation }) {
    const { g, w, routed, shape: { length, imageRows } } = run;
    const x = neighbourhoods(g, routed, { size, length, imageRows });
    const h = hidden(g, x, { w, activation });
    return g.product(weighParts(g, h, weightsOf(run)), w.down);
  },
  flops({ size, activation }, shape, chosen) {
    const { dModel, width } = shape;
    const up = networkFlops({ dModel: seen(size, shape), width, activation }) -
      2 * seen(size, shape) * width;
    return chosen * (up + 2 * dModel * width);
  },
};
