/**
 * Parts of a transformer in the language: norms, attention, dense networks, and the cross-entropy.
 * Sequences of `length` tokens lie one behind the other, T tokens in all.
 *
 * @module
 */
import type { Arrays, Shape } from "../arrays/arrays.ts";
import type { GateTensor } from "../gates/gate.ts";
import { attendWithin, type Sight } from "./attention.ts";
import { prefixed } from "./program.ts";

export { attendHeads, type Sight, sightMask } from "./attention.ts";

/** A weight of variance 1 / rows. */
export const weightOf = (rows: number, columns: number): GateTensor => ({
  shape: [rows, columns],
  init: { normal: 1 / Math.sqrt(rows) },
});

/** Factors of a norm, [1, D]. */
export const gainOf = (width: number): GateTensor => ({ shape: [1, width], init: "ones" });

/**
 * Rows of root mean square 1, times `gain` [1, D] where there is one (RMSNorm, arXiv 1910.07467, section
 * 4). A row of zeros has no direction: it must not occur.
 */
export function rmsRows<A, I>(g: Arrays<A, I>, x: A, gain?: A): A {
  const rows = g.scale(g.unit(x), Math.sqrt(g.shapeOf(x)[1]));
  return gain === undefined ? rows : g.map("multiply", rows, gain);
}

/** Positions 0 to length - 1 of each of `rows` rows, as indices [rows, 1]. */
export function positionIds<A, I>(g: Arrays<A, I>, rows: number, length: number): I {
  return g.indices(
    `positions ${rows} of ${length}`,
    [rows, 1],
    () => Uint32Array.from({ length: rows }, (_, t) => t % length),
  );
}

/** Parameters of {@linkcode selfAttention} over tokens of width D. */
export function attentionTensors(width: number): Record<string, GateTensor> {
  const square = weightOf(width, width);
  return { query: square, key: square, value: square, out: square };
}

/** Attention of tokens x[T, D] to each other: [T, D]. */
export function selfAttention<A, I>(
  g: Arrays<A, I>,
  x: A,
  options: Sight & { w: Readonly<Record<string, A>>; heads: number },
): A {
  const { w, heads, length, causal } = options;
  const seen = attendWithin(g, g.product(x, w.query), {
    ...{ key: g.product(x, w.key), value: g.product(x, w.value), heads },
    sight: { length, causal },
  });
  return g.product(seen, w.out);
}

/** Parameters of {@linkcode denseNetwork}. */
export function denseTensors(width: number, hidden: number): Record<string, GateTensor> {
  return { up: weightOf(width, hidden), down: weightOf(hidden, width) };
}

/** silu(x up) down: [T, D]. */
export function denseNetwork<A, I>(
  g: Arrays<A, I>,
  x: A,
  w: Readonly<Record<string, A>>,
): A {
  return g.product(g.map("silu", g.product(x, w.up)), w.down);
}

/** Cross-entropy of each row of logits [T, V] with the class that ids [T, 1] name: [T, 1], nats. */
export function lossOfRows<A, I>(g: Arrays<A, I>, logits: A, ids: I): A {
  return g.map("subtract", g.logSumExp(logits), g.take(logits, ids));
}

/** The mean of all entries: [1, 1]. */
export function meanOfAll<A, I>(g: Arrays<A, I>, a: A): A {
  const [rows, columns] = g.shapeOf(a);
  return g.scale(g.total(a), 1 / (rows * columns));
}

/** The sum of matrices of one shape. */
export function addAll<A, I>(g: Arrays<A, I>, all: readonly A[]): A {
  return all.reduce((a, b) => g.map("add", a, b));
}

/** Rows of a constant of zeros and ones by which rows [T, D] can be picked or spread. */
export function zeroOnes<A, I>(
  g: Arrays<A, I>,
  name: string,
  options: { shape: Shape; one: (row: number, column: number) => boolean },
): A {
  const { shape: [rows, columns], one } = options;
  return g.constant(
    name,
    [rows, columns],
    () =>
      Float32Array.from(
        { length: rows * columns },
        (_, i) => one(Math.floor(i / columns), i % columns) ? 1 : 0,
      ),
  );
}

/** Parameters of attention and of a norm before it, by names such as "attention.query". */
export function attentionPart(width: number): Record<string, GateTensor> {
  return { "attention.norm": gainOf(width), ...prefixed("attention.", attentionTensors(width)) };
}
