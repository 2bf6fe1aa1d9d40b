/**
 * Rotary positions in the language: a pair (i, i + half) of a head's columns turns by an angle that
 * grows with the position (Su et al., arXiv 2104.09864; pairs as Llama has them).
 *
 *     x cos + (x P) sin,   P the signed swap of the columns of each pair
 *
 * @module
 */
import { ropeFrequencies } from "../../kernels/mod.ts";
import type { Arrays } from "../arrays/arrays.ts";

/** x [T, heads * width] with each head turned by its token's position in a sequence of `length`. */
export function turnHeads<A, I>(
  g: Arrays<A, I>,
  x: A,
  { width, length }: { width: number; length: number },
): A {
  const [rows, columns] = g.shapeOf(x);
  const half = width / 2;
  const angles = ropeFrequencies({ rotary: width });
  const name = `${rows}x${columns} in heads of ${width}, sequences of ${length}`;
  const table = (of: (angle: number) => number) => () =>
    Float64Array.from(
      { length: rows * columns },
      (_, i) => of((Math.floor(i / columns) % length) * angles[i % columns % width % half]),
    );
  const swap = () => {
    const values = new Float64Array(columns * columns);
    for (let to = 0; to < columns; to++) {
      const first = to % width < half;
      values[(first ? to + half : to - half) * columns + to] = first ? -1 : 1;
    }
    return values;
  };
  const swapped = g.product(x, g.constant(`swap ${columns}/${width}`, [columns, columns], swap));
  return g.map(
    "add",
    g.map("multiply", x, g.constant(`cosines ${name}`, [rows, columns], table(Math.cos))),
    g.map("multiply", swapped, g.constant(`sines ${name}`, [rows, columns], table(Math.sin))),
  );
}
