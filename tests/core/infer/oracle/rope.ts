/**
 * Rotary positions (RoFormer, arXiv 2104.09864): pairs of channels are turned by the position times
 * a frequency, so that products of queries and keys depend on distances alone.
 *
 * Channel pair c of `dim / 2` turns theta^(-2c / dim) radians a position. Longer contexts than the
 * trained ones stretch these frequencies:
 *
 * - linear: all by the factor (arXiv 2306.15595);
 * - llama3: those whose wave is longer than length / lowFactor by the factor, those shorter than
 *   length / highFactor not at all, and between by a share linear in length / wave (Llama 3.1,
 *   arXiv 2407.21783);
 * - yarn: pairs that turn more than `fast` times within length not at all, those that turn less than
 *   `slow` times by the factor, and between by a share linear in the pair's index; cosines and sines
 *   are multiplied by `magnitude` (YaRN, arXiv 2309.00071, sections 3.2 to 3.4).
 *
 * @module
 */
import type { RopeScaling, RopeSettings } from "../../../../core/checkpoints/run_settings.ts";

type Llama3 = Extract<RopeScaling, { kind: "llama3" }>;
type Yarn = Extract<RopeScaling, { kind: "yarn" }>;

const clamp = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);

function llama3(frequency: number, { factor, length, lowFactor, highFactor }: Llama3): number {
  const wave = 2 * Math.PI / frequency;
  if (wave > length / lowFactor) return frequency / factor;
  if (wave < length / highFactor) return frequency;
  const kept = (length / wave - lowFactor) / (highFactor - lowFactor);
  return kept * frequency + (1 - kept) * frequency / factor;
}

/** Index, with a fraction, of the pair that turns `turns` times within the original length. */
function pairOfTurns(turns: number, { theta, dim }: RopeSettings, length: number): number {
  // length * theta^(-2c / dim) = 2 pi turns, solved for c.
  return dim * Math.log(length / (2 * Math.PI * turns)) / (2 * Math.log(theta));
}

function yarn(frequency: number, c: number, rope: RopeSettings, scaling: Yarn): number {
  const { factor, length, fast, slow, rounded } = scaling;
  const first = pairOfTurns(fast, rope, length);
  const last = pairOfTurns(slow, rope, length);
  const low = Math.max(rounded ? Math.floor(first) : first, 0);
  const high = Math.min(rounded ? Math.ceil(last) : last, rope.dim - 1);
  // A band of no width becomes a narrow one, as in the released code.
  const stretched = clamp((c - low) / (high === low ? 0.001 : high - low), 0, 1);
  return stretched * frequency / factor + (1 - stretched) * frequency;
}

/** Radians a position, for each pair of channels. */
export function frequencies(rope: RopeSettings): number[] {
  const { theta, dim, scaling } = rope;
  return Array.from({ length: dim / 2 }, (_, c) => {
    const frequency = theta ** (-2 * c / dim);
    switch (scaling?.kind) {
      case undefined:
        return frequency;
      case "linear":
        return frequency / scaling.factor;
      case "llama3":
        return llama3(frequency, scaling);
      case "yarn":
        return yarn(frequency, c, rope, scaling);
    }
  });
}

/** A head's vector at a position: its first `dim` channels turned, the others as they are. */
export function turned(
  head: ArrayLike<number>,
  position: number,
  rope: RopeSettings,
): Float64Array {
  const out = Float64Array.from(head);
  const { dim, pairs, scaling } = rope;
  const magnitude = scaling?.kind === "yarn" ? scaling.magnitude : 1;
  frequencies(rope).forEach((frequency, c) => {
    const [i, j] = pairs === "halves" ? [c, c + dim / 2] : [2 * c, 2 * c + 1];
    const cos = Math.cos(position * frequency) * magnitude;
    const sin = Math.sin(position * frequency) * magnitude;
    out[i] = head[i] * cos - head[j] * sin;
    out[j] = head[j] * cos + head[i] * sin;
  });
  return out;
}
