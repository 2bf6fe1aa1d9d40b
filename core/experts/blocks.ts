/**
 * Parts of rows: weighed, spread out, and gathered by constant matrices of zeros and ones.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";

/** [n, n times]: a[T, n] times it repeats each column `times` times, side by side. */
export function spreadColumns<A, I>(
  g: Arrays<A, I>,
  { n, times }: { n: number; times: number },
): A {
  return g.constant(`spread ${n} columns ${times} times`, [n, n * times], () => {
    const out = new Float64Array(n * n * times);
    for (let c = 0; c < n * times; c++) out[Math.floor(c / times) * n * times + c] = 1;
    return out;
  });
}

/** [n times, n]: a[T, n times] times it adds up every n-th column. */
export function sumEveryNth<A, I>(
  g: Arrays<A, I>,
  { n, times }: { n: number; times: number },
): A {
  return g.constant(`sum every ${n}th of ${n * times} columns`, [n * times, n], () => {
    const out = new Float64Array(n * n * times);
    for (let r = 0; r < n * times; r++) out[r * n + r % n] = 1;
    return out;
  });
}

/** a[T, E F], the F columns of each part times its weight of weights[T, E]. */
export function weighParts<A, I>(g: Arrays<A, I>, a: A, weights: A): A {
  const [rows, parts] = g.shapeOf(weights);
  const [, columns] = g.shapeOf(a);
  const apart = g.reshape(a, [rows * parts, columns / parts]);
  const weighed = g.map("multiply", apart, g.reshape(weights, [rows * parts, 1]));
  return g.reshape(weighed, [rows, columns]);
}

/** a[T, n], each column `times` times. */
export function spread<A, I>(g: Arrays<A, I>, a: A, times: number): A {
  const [, n] = g.shapeOf(a);
  return times === 1 ? a : g.product(a, spreadColumns(g, { n, times }));
}
