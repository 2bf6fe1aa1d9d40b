/**
 * Rotary position embedding (Su et al., arXiv 2104.09864): pairs of columns of each head turn by
 * angles that grow with the position.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { ropeShader } from "./shader.ts";

/**
 * Which columns make a pair: column i and the one half of the rotated columns later ("half", as
 * Llama and GPT-NeoX do), or neighbours ("interleaved", as GPT-J and DeepSeek do).
 */
export type Pairing = "half" | "interleaved";

/** Options of a rotation, the same for both directions. */
export interface RopeOptions {
  /** Cosines and sines, of `ropeTable`; its columns are those that turn. */
  table: Tensor;
  /** Heads, side by side in the columns. */
  heads: number;
  /** Tokens of a sequence: a row's position is its number modulo this, plus `offset`. */
  length: number;
  /** Position of the first token; 0 unless given. */
  offset?: number;
  /** Column of a head where the rotated ones begin, a multiple of 4; 0 unless given. */
  first?: number;
  /** Which columns make a pair; "half" unless given. */
  pairing?: Pairing;
  /** Whether the tensor itself is turned; else the result is a new one. */
  inPlace?: boolean;
  /** Label of the launch and of the result. */
  label?: string;
}

function check(x: Tensor, { table, heads, length, offset = 0, first = 0 }: RopeOptions): void {
  const [positions, rotary] = table.shape;
  const width = x.shape[1] / heads;
  if (width % 8 !== 0 || first % 4 !== 0 || first < 0 || first + rotary > width) {
    throw new UserError(
      `Cannot rotate columns ${first} to ${
        first + rotary
      } of ${heads} heads of ${x.label}: found ` +
        `${
          x.shape[1]
        } columns, wanted heads of a multiple of 8 that hold them, from a multiple of 4`,
    );
  }
  if (!(length >= 1) || length + offset > positions || offset < 0) {
    throw new RangeError(
      `Cannot rotate ${x.label} at positions ${offset} to ${offset + length}: found ` +
        `${positions} in ${table.label}`,
    );
  }
}

function rotate(
  recorder: Recorder,
  x: Tensor,
  options: RopeOptions & { direction: 1 | -1 },
): Tensor {
  check(x, options);
  const { table, heads, length, offset = 0, first = 0, pairing = "half", direction } = options;
  const { inPlace = false, label = "rope" } = options;
  const [rows, columns] = x.shape;
  const width = columns / heads / 4;
  const turned = table.shape[1] / 8;
  const units = inPlace ? turned : width - turned;
  // On a CPU, where a load costs the same wherever it is from, angles are loaded once for all heads.
  const run = recorder.device.adapter.software ? heads : 1;
  const y = inPlace ? x : recorder.pool.tensor(label, x.shape, { dtype: x.dtype });
  y.slot.mirrored = false;
  recorder.launch({
    label,
    kernel: compile(recorder.device, "rope", storagePrelude(x.dtype) + ropeShader(inPlace)),
    inputs: inPlace ? [table, y] : [table, x, y],
    uniforms: [
      ...[rows, heads, run, width, x.pitch / 4, length, offset, units, turned, first / 4],
      pairing === "interleaved" ? 1 : 0,
      { f32: direction },
    ],
    grid: linearGrid(rows * Math.ceil(heads / run) * units),
  });
  return y;
}

/**
 * Records the rotation of `x` [rows, heads * width] and gives the result: a new tensor, or `x`.
 *
 * @throws {UserError} where a head does not hold the rotated columns.
 * @throws {RangeError} where the table is too short.
 *
 * @example Position 1 turns a pair by one radian
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const table = k.ropeTable(pool, { positions: 2, rotary: 8 });
 * const x = pool.upload("x", [2, 8], new Float32Array(16).fill(1));
 * const recorder = k.createRecorder(pool);
 * const y = k.rope(recorder, x, { table, heads: 1, length: 2 });
 * recorder.submit();
 * const [values] = await k.download(device, [y]);
 * device.close();
 * assertAlmostEquals(values[8], Math.cos(1) - Math.sin(1), 1e-6);
 * assertAlmostEquals(values[12], Math.cos(1) + Math.sin(1), 1e-6);
 * ```
 */
export function rope(recorder: Recorder, x: Tensor, options: RopeOptions): Tensor {
  return rotate(recorder, x, { ...options, direction: 1 });
}

/**
 * Records the gradient of {@linkcode rope}: `dy` turned back by the same angles.
 *
 * @throws {UserError} where a head does not hold the rotated columns.
 * @throws {RangeError} where the table is too short.
 */
export function ropeBackward(recorder: Recorder, dy: Tensor, options: RopeOptions): Tensor {
  return rotate(recorder, dy, { label: "rope backward", ...options, direction: -1 });
}
