/**
 * How fast a training goes.
 *
 * @module
 */
import { now } from "../../kernels/time.ts";

/** A count of tokens and of the time they took. */
export interface TokenMeter {
  /** Ends a stretch of steps; gives the rate so far, null where there was none. */
  read(steps: number): number | null;
  /** Begins a stretch. */
  begin(steps: number): void;
}

/** Tokens a second of steps alone: evaluations, checkpoints and the first compilations left out. */
export function tokenMeter(tokensOfStep: number): TokenMeter {
  let from: { at: number; steps: number } | undefined;
  const sums = { seconds: 0, steps: 0 };
  return {
    read(steps) {
      if (from) {
        sums.seconds += (now() - from.at) / 1000;
        sums.steps += steps - from.steps;
      }
      return sums.seconds > 0 ? sums.steps * tokensOfStep / sums.seconds : null;
    },
    begin: (steps) => void (from = { at: now(), steps }),
  };
}
