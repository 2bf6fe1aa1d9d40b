/**
 * A fuser on the host, for every set of its experts at once: its first layer adds what each expert says, so
 * that a set costs a sum.
 *
 * @module
 */
import { logSum } from "../../gates/decoding/mixture.ts";
import type { FuserSizes } from "./fuse.ts";

/** Sizes that a fuser of experts needs on the host. */
export type HostFuserSizes = Pick<FuserSizes, "experts" | "vocabulary" | "hidden">;

/** Values of a fuser's parameters. */
export interface FuserValues {
  /** [E V, H]. */
  first: ArrayLike<number>;
  /** [E, H]; absent where it is told nothing beside what experts say. */
  telling?: ArrayLike<number>;
  /** [H, E]. */
  second: ArrayLike<number>;
}

/** What experts say of tokens, and what is told of them. */
export interface HeardText {
  /** Their chances of each token side by side [T, E V]. */
  predictions: ArrayLike<number>;
  /** What is told of each [T, E]; nothing where absent. */
  told?: ArrayLike<number>;
}

/** What each expert adds to the hidden layer, [E] of [T, H]. */
export function heardOf(
  { predictions, told }: HeardText,
  { experts, vocabulary, hidden, first, telling }: HostFuserSizes & Omit<FuserValues, "second">,
): Float64Array[] {
  const tokens = predictions.length / (experts * vocabulary);
  return Array.from({ length: experts }, (_, e) => {
    const heard_TH = new Float64Array(tokens * hidden);
    for (let t = 0; t < tokens; t++) {
      for (let v = 0; v < vocabulary; v++) {
        const input = e * vocabulary + v;
        const p = predictions[t * experts * vocabulary + input];
        for (let h = 0; h < hidden; h++) heard_TH[t * hidden + h] += p * first[input * hidden + h];
      }
      if (!told || !telling) continue;
      for (let h = 0; h < hidden; h++) {
        heard_TH[t * hidden + h] += told[t * experts + e] * telling[e * hidden + h];
      }
    }
    return heard_TH;
  });
}

/** The sum of what some experts add [T, H]: all that a fuser knows of what they said. */
export function heardTogether(
  heard_ETH: readonly Float64Array[],
  asked: readonly number[],
): Float64Array {
  const sum = new Float64Array(heard_ETH[0].length);
  for (const e of asked) heard_ETH[e].forEach((x, i) => sum[i] += x);
  return sum;
}

/**
 * Losses [T] of a fuser of experts that asked some of them alone.
 *
 * @throws {RangeError} where none was asked.
 */
export function fusedLosses(
  asked: readonly number[],
  options: HostFuserSizes & Pick<FuserValues, "second"> & {
    /** See {@linkcode heardTogether}. */
    together_TH: Float64Array;
    /** Losses of each expert [T, E], nats. */
    losses_TE: ArrayLike<number>;
  },
): Float64Array {
  const { together_TH, losses_TE, second, hidden, experts } = options;
  if (asked.length === 0) {
    throw new RangeError("Cannot fuse what none says: found no experts asked");
  }
  const tokens = together_TH.length / hidden;
  const said = new Float64Array(asked.length);
  const right = new Float64Array(asked.length);
  return Float64Array.from({ length: tokens }, (_, t) => {
    asked.forEach((e, i) => {
      let logit = 0;
      for (let h = 0; h < hidden; h++) {
        const heard = together_TH[t * hidden + h];
        if (heard > 0) logit += heard * second[h * experts + e];
      }
      said[i] = logit;
      right[i] = logit - losses_TE[t * experts + e];
    });
    return logSum(said) - logSum(right);
  });
}
