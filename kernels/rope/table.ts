/**
 * The cosines and sines of a rotary embedding: theta_i = base^(-2i / rotary) turns for each position
 * (Su et al., arXiv 2104.09864, section 3.2.2).
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import type { Pool, Tensor } from "../tensor.ts";

/** How much the pairs of a position turn. */
export interface RopeAngles {
  /** Rotated columns of a head, a multiple of 8. */
  rotary: number;
  /** Base of the angles; 10000 unless given. */
  base?: number;
  /** Radians a position of each of the `rotary / 2` pairs, instead of those of the base. */
  frequencies?: readonly number[];
  /** Factor of cosines and sines (YaRN, arXiv 2309.00071, section 3.4); 1 unless given. */
  magnitude?: number;
}

/**
 * Radians a position of each pair.
 *
 * @throws {UserError} where the number of columns is none that can be rotated.
 */
export function ropeFrequencies({ rotary, base = 10000, frequencies }: RopeAngles): number[] {
  if (!(rotary >= 8) || rotary % 8 !== 0) {
    throw new UserError(`Cannot rotate ${rotary} columns: wanted a multiple of 8`);
  }
  const pairs = rotary / 2;
  if (frequencies && frequencies.length !== pairs) {
    throw new UserError(
      `Cannot rotate ${rotary} columns by ${frequencies.length} frequencies: wanted ${pairs}`,
    );
  }
  return [...frequencies ?? Array.from({ length: pairs }, (_, i) => base ** (-i / pairs))];
}

/**
 * Uploads the table of `positions` positions, [positions, rotary]: for each four pairs their cosines
 * and then their sines. Computed in f64, so that far positions are as exact as near ones.
 *
 * @throws {UserError} where the number of columns is none that can be rotated.
 */
export function ropeTable(pool: Pool, options: RopeAngles & { positions: number }): Tensor {
  const { rotary, positions, magnitude = 1 } = options;
  const frequencies = ropeFrequencies(options);
  const values = new Float32Array(positions * rotary);
  for (let position = 0; position < positions; position++) {
    frequencies.forEach((frequency, i) => {
      const angle = position * frequency;
      const at = position * rotary + 8 * Math.floor(i / 4) + i % 4;
      values[at] = magnitude * Math.cos(angle);
      values[at + 4] = magnitude * Math.sin(angle);
    });
  }
  return pool.upload("rope table", [positions, rotary], values);
}
