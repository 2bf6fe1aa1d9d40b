/**
 * Halting by breaking a stick (SUT, arXiv 2310.07096): at each depth a token gives a share
 * of what is left of its stick, and its result is the mean of its depths by these shares. A token that
 * has given nearly all is halted: it stays as it is.
 *
 *     share_l = left_{l-1} halt_l        left_l = left_{l-1} (1 - halt_l)        left_0 = 1
 *
 * The last depth gets what is left, so that shares sum to 1. The expected depth, sum of l share_l, is
 * what ACT (arXiv 1603.08983) makes small, so that tokens do not think longer than it helps.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import { numberOf, oneMinus, onesOf } from "../gates/shorthand.ts";

/** A token's stick, and what it gave so far; all [T, 1] but the sums. */
export interface Halting<A> {
  /** What is left of each stick. */
  left: A;
  /** Sum of shares times what the depths gave, [T, D]; absent before the first. */
  sum?: A;
  /** Expected depth so far; absent before the first. */
  depth?: A;
  /** Depths that a token took part in so far; absent before the first. */
  work?: A;
}

/** Whole sticks of `rows` tokens. */
export function wholeSticks<A, I>(g: Arrays<A, I>, rows: number): Halting<A> {
  return { left: onesOf(g, [rows, 1]) };
}

/** 1 for tokens that have not halted yet, [T, 1]; no gradient goes through. */
export function running<A, I>(g: Arrays<A, I>, { left }: Halting<A>, threshold: number): A {
  return g.map("positive", g.shift(left, threshold - 1));
}

/** What attention reads of tokens: what they gave, and for what is left what they are. */
export function haltedStream<A, I>(g: Arrays<A, I>, x: A, { left, sum }: Halting<A>): A {
  return sum === undefined ? x : g.map("add", sum, g.map("multiply", x, left));
}

/** The sticks after one more depth. */
export function brokenOff<A, I>(
  g: Arrays<A, I>,
  sticks: Halting<A>,
  options: {
    /** What this depth gave, [T, D]. */
    x: A;
    /** Logits of halting, [T, 1]; all that is left is given where absent: the last depth. */
    logits?: A;
    /** Depth, from 1 on. */
    depth: number;
    /** 1 for tokens that took part, [T, 1]. */
    ran: A;
  },
): Halting<A> {
  const { x, logits, depth, ran } = options;
  // What a halted token has left, it gives at the depth where it halted, as it then was.
  const halt = logits === undefined
    ? numberOf(g, 1)
    : g.map("select", ran, g.map("sigmoid", logits), numberOf(g, 1));
  const share = g.map("multiply", sticks.left, halt);
  const add = (a: A | undefined, b: A) => a === undefined ? b : g.map("add", a, b);
  return {
    left: g.map("multiply", sticks.left, oneMinus(g, halt)),
    sum: add(sticks.sum, g.map("multiply", x, share)),
    depth: add(sticks.depth, g.scale(share, depth)),
    work: add(sticks.work, ran),
  };
}
