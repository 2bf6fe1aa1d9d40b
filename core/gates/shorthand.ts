/**
 * Small compositions of the language that several gates share.
 *
 * @module
 */
import type { Arrays, Shape } from "../arrays/arrays.ts";

/** The part of a union of specs that has a kind. */
export type SpecOf<S extends { kind: string }, K extends S["kind"]> = Extract<S, { kind: K }>;

/** Below every score, and small enough for f32 to hold. */
export const LOWEST = -1e30;

/** A single number, [1, 1]. */
export function numberOf<A, I>(g: Arrays<A, I>, value: number): A {
  return g.constant(`number ${value}`, [1, 1], () => [value]);
}

/** A matrix full of ones. */
export function onesOf<A, I>(g: Arrays<A, I>, shape: Shape): A {
  return g.constant(
    `ones ${shape.join("x")}`,
    shape,
    () => new Float64Array(shape[0] * shape[1]).fill(1),
  );
}

/** 1 - a. */
export function oneMinus<A, I>(g: Arrays<A, I>, a: A): A {
  return g.shift(g.map("negate", a), 1);
}

/** Indices 0 to `columns` - 1 in each of `rows` rows. */
export function countingIds<A, I>(g: Arrays<A, I>, [rows, columns]: Shape): I {
  return g.indices(
    `counting ${rows}x${columns}`,
    [rows, columns],
    () => Uint32Array.from({ length: rows * columns }, (_, i) => i % columns),
  );
}

/** 1 for each choice, 0 for {@linkcode NONE}: [T, K] of ids [T, K] below `columns`. */
export function presence<A, I>(g: Arrays<A, I>, ids: I, columns: number): A {
  return g.take(onesOf(g, [g.indexShapeOf(ids)[0], columns]), ids);
}

/** 1 where an index of ids [T, K] names the column: [T, columns]. */
export function marks<A, I>(g: Arrays<A, I>, ids: I, columns: number): A {
  return g.put(onesOf(g, g.indexShapeOf(ids)), ids, columns);
}

/** Rows divided by their sums; rows of zeros stay so. */
export function shareOfRow<A, I>(g: Arrays<A, I>, a: A): A {
  return g.map("divide", a, g.map("larger", g.sumRows(a), numberOf(g, 1e-20)));
}

/** 1 + a - detach(a): one, with the gradient of a. */
export function oneWithGradientOf<A, I>(g: Arrays<A, I>, a: A): A {
  return g.shift(g.map("subtract", a, g.detach(a)), 1);
}

/** A name of noise or of random numbers that no other layer has. */
export function nameInLayer(shape: { layer: number }, what: string): string {
  return `layer ${shape.layer} ${what}`;
}
