/**
 * The angles of rotary positions as released models have them, stretched for longer contexts.
 *
 * Channel pair c of `dim / 2` turns theta^(-2c / dim) radians a position (RoFormer, arXiv 2104.09864).
 * Stretching divides some of these by a factor: all (arXiv 2306.15595), those of long waves (Llama
 * 3.1, arXiv 2407.21783), or those of pairs that turn seldom within the original length (YaRN, arXiv
 * 2309.00071, section 3.2); in between, a share of them.
 *
 * @module
 */
import { type Pool, ropeTable, type Tensor } from "../../kernels/mod.ts";
import type { RopeScaling, RopeSettings } from "../checkpoints/run_settings.ts";

type Of<K extends RopeScaling["kind"]> = Extract<RopeScaling, { kind: K }>;

const within01 = (x: number) => Math.min(1, Math.max(0, x));

/** The share of a pair's frequency that is divided by the factor. */
type Share = (pair: number, frequency: number) => number;

/** Waves a length holds, between `lowFactor` and `highFactor`, decide. */
function llama3Share({ length, lowFactor, highFactor }: Of<"llama3">): Share {
  return (_, frequency) => {
    const waves = length * frequency / (2 * Math.PI);
    return within01((highFactor - waves) / (highFactor - lowFactor));
  };
}

/** The place of a pair between those that turn `fast` and `slow` times within the length decides. */
function yarnShare({ theta, dim }: RopeSettings, scaling: Of<"yarn">): Share {
  const { length, fast, slow, rounded } = scaling;
  const pairOf = (turns: number) =>
    dim * Math.log(length / (2 * Math.PI * turns)) / (2 * Math.log(theta));
  const low = Math.max(0, rounded ? Math.floor(pairOf(fast)) : pairOf(fast));
  const high = Math.min(dim - 1, rounded ? Math.ceil(pairOf(slow)) : pairOf(slow));
  // A band without width would divide by 0: the released code makes it a thousandth wide.
  const width = high === low ? 1e-3 : high - low;
  return (pair) => within01((pair - low) / width);
}

function shareOf(rope: RopeSettings): { factor: number; share: Share } {
  const { scaling } = rope;
  switch (scaling?.kind) {
    case undefined:
      return { factor: 1, share: () => 0 };
    case "linear":
      return { factor: scaling.factor, share: () => 1 };
    case "llama3":
      return { factor: scaling.factor, share: llama3Share(scaling) };
    case "yarn":
      return { factor: scaling.factor, share: yarnShare(rope, scaling) };
  }
}

/**
 * Radians a position of each pair of channels.
 *
 * @example
 * ```ts
 * import { stretchedFrequencies } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const rope = { theta: 16, dim: 4, pairs: "halves" } as const;
 * assertEquals(stretchedFrequencies(rope), [1, 0.25]);
 * const scaling = { kind: "linear", factor: 2 } as const;
 * assertEquals(stretchedFrequencies({ ...rope, scaling }), [0.5, 0.125]);
 * ```
 */
export function stretchedFrequencies(rope: RopeSettings): number[] {
  const { theta, dim } = rope;
  const { factor, share } = shareOf(rope);
  return Array.from({ length: dim / 2 }, (_, pair) => {
    const frequency = theta ** (-2 * pair / dim);
    const divided = share(pair, frequency);
    return divided * frequency / factor + (1 - divided) * frequency;
  });
}

/** Puts cosines and sines of so many positions on the device. */
export function angleTable(pool: Pool, rope: RopeSettings, positions: number): Tensor {
  const { dim, scaling } = rope;
  return ropeTable(pool, {
    ...{ positions, rotary: dim, frequencies: stretchedFrequencies(rope) },
    magnitude: scaling?.kind === "yarn" ? scaling.magnitude : 1,
  });
}
