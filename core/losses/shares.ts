/**
 * Counts, shares, moments and entropies that losses are made of.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import { marks, numberOf, shareOfRow } from "../gates/shorthand.ts";
import { requireEqualBlocks } from "../gates/cap/devices.ts";
import { needed } from "./needs.ts";
import type { BalanceRun } from "./run.ts";

/** The least divisor; far under what one token gives. */
const TINY = 1e-20;

/** a, or a tiny number where a is not above it: to divide by. */
export function aboveZero<A, I>(g: Arrays<A, I>, a: A): A {
  return g.map("larger", a, numberOf(g, TINY));
}

/** How often each expert was chosen: [1, E], without a gradient. */
export function countsOf<A, I>(g: Arrays<A, I>, ids: I, { experts }: { experts: number }): A {
  return g.sumColumns(marks(g, ids, experts));
}

/** Scores whose rows sum to 1: [T, E]. Those of a softmax stay what they are. */
export function probabilities<A, I>(run: BalanceRun<A, I>): A {
  return run.shares ?? shareOfRow(run.g, needed(run, "scores"));
}

/** Mean of each column: [1, E]. */
export function columnMeans<A, I>(g: Arrays<A, I>, a: A): A {
  return g.scale(g.sumColumns(a), 1 / g.shapeOf(a)[0]);
}

/** Mean of all numbers: [1, 1]. */
export function meanOf<A, I>(g: Arrays<A, I>, a: A): A {
  const [rows, columns] = g.shapeOf(a);
  return g.scale(g.total(a), 1 / (rows * columns));
}

/** Variance over squared mean of all numbers, the square of the coefficient of variation: [1, 1]. */
export function squaredVariation<A, I>(g: Arrays<A, I>, a: A): A {
  const mean = meanOf(g, a);
  const variance = meanOf(g, g.map("square", g.map("subtract", a, mean)));
  return g.map("divide", variance, aboveZero(g, g.map("square", mean)));
}

/** p log p, 0 at 0. */
export function timesLog<A, I>(g: Arrays<A, I>, p: A): A {
  return g.map("multiply", p, g.map("log", g.shift(p, 1e-20)));
}

/** Entropy of each row of probabilities, in nats: [T, 1]. */
export function entropyOfRows<A, I>(g: Arrays<A, I>, p: A): A {
  return g.scale(g.sumRows(timesLog(g, p)), -1);
}

/** 1 for experts without a network, else 0: [1, E]. */
export function zeroExpertMask<A, I>({ g, shape, zero = 0 }: BalanceRun<A, I>): A {
  const { experts } = shape;
  return g.constant(
    `${zero} of ${experts} experts without a network`,
    [1, experts],
    () => Float64Array.from({ length: experts }, (_, e) => e < experts - zero ? 0 : 1),
  );
}

/**
 * 1 where an expert (row) is on a device (column), else 0: [E, devices]. Experts lie in equal blocks.
 *
 * @throws {UserError} where devices would not hold equally many.
 */
export function deviceBlocks<A, I>(g: Arrays<A, I>, { experts, devices }: {
  experts: number;
  devices: number;
}): A {
  requireEqualBlocks({ experts, devices });
  const each = experts / devices;
  return g.constant(
    `${experts} experts on ${devices} devices`,
    [experts, devices],
    () =>
      Float64Array.from(
        { length: experts * devices },
        (_, i) => Math.floor(Math.floor(i / devices) / each) === i % devices ? 1 : 0,
      ),
  );
}
