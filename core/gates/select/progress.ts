/**
 * How far a training is, for choices that change on the way: a state counts the steps.
 *
 * @module
 */
import type { GateRun, GateTensor } from "../gate.ts";
import { numberOf } from "../shorthand.ts";

/** Steps of a training whose length nobody said. */
export const STEPS = 1000;

/** The state that counts steps. */
export function stepState(): Record<string, GateTensor> {
  return { step: { shape: [1, 1], init: "zeros" } };
}

/** How far a training is. */
export interface Progress<A> {
  /** Share of all steps that were made, 0 to 1: [1, 1]. */
  done: A;
  /** The state after this step. */
  state: Record<string, A>;
}

/** Reads the state of {@linkcode stepState}. */
export function progressOf<A, I>({ g, state, shape, training }: GateRun<A, I>): Progress<A> {
  const done = g.scale(state.step, 1 / Math.max(1, shape.steps ?? STEPS));
  return {
    done: g.map("smaller", done, numberOf(g, 1)),
    state: training ? { step: g.shift(state.step, 1) } : {},
  };
}
