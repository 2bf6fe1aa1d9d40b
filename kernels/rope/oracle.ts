/**
 * The rotary embedding in f64 on the CPU.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";
import type { RopeOptions } from "./rope.ts";
import { type RopeAngles, ropeFrequencies } from "./table.ts";

/**
 * x [rows, heads * width] turned, or turned back where `back` is set.
 *
 * @example
 * ```ts
 * import { ropeOracle } from "@moelab/moelab/kernels";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
 * const options = { rows: 2, width: 8, heads: 1, length: 2, rotary: 8 };
 * const { values } = ropeOracle(x, options);
 * assertAlmostEquals(values[8], Math.cos(1));
 * assertAlmostEquals(values[12], Math.sin(1));
 * ```
 */
export function ropeOracle(
  x: ArrayLike<number>,
  options:
    & RopeAngles
    & Pick<RopeOptions, "heads" | "length" | "offset" | "first" | "pairing">
    & { rows: number; width: number; back?: boolean },
): Scaled {
  const { rows, width, heads, length, offset = 0, first = 0, rotary, back = false } = options;
  const { magnitude = 1 } = options;
  const values = Float64Array.from(x);
  const scale = values.map(Math.abs);
  const frequencies = ropeFrequencies(options);
  const [step, apart] = options.pairing === "interleaved" ? [2, 1] : [1, rotary / 2];
  for (let part = 0; part < rows * heads; part++) {
    const position = Math.floor(part / heads) % length + offset;
    frequencies.forEach((frequency, i) => {
      const angle = position * frequency * (back ? -1 : 1);
      const [cosine, sine] = [magnitude * Math.cos(angle), magnitude * Math.sin(angle)];
      const a = part * width + first + step * i;
      const b = a + apart;
      values[a] = x[a] * cosine - x[b] * sine;
      values[b] = x[b] * cosine + x[a] * sine;
      scale[a] = Math.abs(x[a] * cosine) + Math.abs(x[b] * sine);
      scale[b] = Math.abs(x[b] * cosine) + Math.abs(x[a] * sine);
    });
  }
  return { values, scale };
}
