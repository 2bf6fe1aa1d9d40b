/**
 * Weights in blocks of 8 or 4 bits: 32 rows of a column share a scale, the largest magnitude among
 * them over the largest integer. Products read them as they are and multiply by the scale.
 *
 * A word of 8-bit weights holds four columns of a row; one of 4-bit weights four columns of two rows,
 * the first in its lower half.
 *
 * @module
 */
import type { Pool, Tensor } from "../tensor.ts";

/** Rows that share a scale. */
export const QUANT_BLOCK = 32;

/** Quantised weights on the host. */
export interface QuantisedValues {
  /** Bits of a weight. */
  bits: 8 | 4;
  /** Dimensions of the weights: planes ..., k, n. */
  shape: readonly number[];
  /** Words, [planes, k (or half of it), n / 4]. */
  words: Uint32Array;
  /** Scales, [planes, k / 32, n]. */
  scales: Float32Array;
}

/** Quantised weights on the device. */
export interface QuantisedTensor {
  /** Bits of a weight. */
  bits: 8 | 4;
  /** Dimensions of the weights: planes ..., k, n. */
  shape: readonly number[];
  /** The words, u32. */
  words: Tensor;
  /** The scales, f32. */
  scales: Tensor;
}

interface Sizes {
  planes: number;
  k: number;
  n: number;
  wordRows: number;
  wordColumns: number;
  blocks: number;
}

function sizesOf(shape: readonly number[], bits: 8 | 4): Sizes {
  const [k, n] = shape.slice(-2);
  return {
    planes: shape.slice(0, -2).reduce((a, b) => a * b, 1),
    k,
    n,
    wordRows: bits === 8 ? k : Math.ceil(k / 2),
    wordColumns: Math.ceil(n / 4),
    blocks: Math.ceil(k / QUANT_BLOCK),
  };
}

/** Where a row of weights begins: its first weight, its first scale, its first word and bit there. */
interface RowPlace {
  first: number;
  scale: number;
  word: number;
  shift: number;
}

/** Calls `visit` for each row: a call for each of a billion weights would take most of the time. */
function everyRow(
  shape: readonly number[],
  bits: 8 | 4,
  visit: (row: RowPlace) => void,
): void {
  const s = sizesOf(shape, bits);
  for (let plane = 0; plane < s.planes; plane++) {
    for (let row = 0; row < s.k; row++) {
      const wordRow = bits === 8 ? row : row >> 1;
      visit({
        first: (plane * s.k + row) * s.n,
        scale: (plane * s.blocks + Math.floor(row / QUANT_BLOCK)) * s.n,
        word: (plane * s.wordRows + wordRow) * s.wordColumns,
        shift: bits === 8 ? 0 : 16 * (row & 1),
      });
    }
  }
}

/**
 * Quantises weights of `shape` (planes ..., k, n), rounding to the nearest.
 *
 * @example
 * ```ts
 * import { dequantise, quantise } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const values = quantise([-7, 2, 0, 14], { shape: [2, 2], bits: 4 });
 * assertEquals([...values.scales], [1, 2]);
 * assertEquals([...dequantise(values)], [-7, 2, 0, 14]);
 * ```
 */
export function quantise(
  weights: ArrayLike<number>,
  options: { shape: readonly number[]; bits: 8 | 4 },
): QuantisedValues {
  const { shape, bits } = options;
  const s = sizesOf(shape, bits);
  const scales = new Float32Array(s.planes * s.blocks * s.n);
  const words = new Uint32Array(s.planes * s.wordRows * s.wordColumns);
  const most = bits === 8 ? 127 : 7;
  const { n } = s;
  everyRow(shape, bits, ({ first, scale }) => {
    for (let c = 0; c < n; c++) {
      scales[scale + c] = Math.max(scales[scale + c], Math.abs(weights[first + c]));
    }
  });
  for (let i = 0; i < scales.length; i++) scales[i] /= most;
  everyRow(shape, bits, ({ first, scale, word, shift }) => {
    for (let c = 0; c < n; c++) {
      const unit = scales[scale + c];
      const steps = unit === 0 ? 0 : Math.round(weights[first + c] / unit);
      const kept = Math.max(-most, Math.min(most, steps)) & (bits === 8 ? 255 : 15);
      words[word + (c >> 2)] |= kept << (shift + bits * (c & 3));
    }
  });
  return { bits, shape, words, scales };
}

/** The weights that quantised ones stand for. */
export function dequantise({ bits, shape, words, scales }: QuantisedValues): Float32Array {
  const out = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const n = shape[shape.length - 1];
  everyRow(shape, bits, ({ first, scale, word, shift }) => {
    for (let c = 0; c < n; c++) {
      const steps = (words[word + (c >> 2)] << (32 - bits - shift - bits * (c & 3))) >> (32 - bits);
      out[first + c] = steps * scales[scale + c];
    }
  });
  return out;
}

/** Room on the device for quantised weights of a shape. */
export function emptyQuantised(
  pool: Pool,
  options: { shape: readonly number[]; bits: 8 | 4; label: string },
): QuantisedTensor {
  const { shape, bits, label } = options;
  const { planes, n, wordRows, wordColumns, blocks } = sizesOf(shape, bits);
  return {
    bits,
    shape,
    words: pool.tensor(label, [planes, wordRows, wordColumns], { dtype: "u32" }),
    scales: pool.tensor(`${label} scales`, [planes, blocks, n]),
  };
}

/** `count` planes of a tensor [planes, rows, columns] from `first` on, over the same buffer. */
function planesOf(tensor: Tensor, first: number, count: number): Tensor {
  const shape = [count, ...tensor.shape.slice(1)];
  return { ...tensor, shape, offset: tensor.offset + first * tensor.plane };
}

/**
 * Writes quantised weights into some planes of others, such as one expert's into a bank.
 *
 * @throws {RangeError} where the planes are not those of the tensor.
 */
export function writeQuantised(
  pool: Pool,
  tensor: QuantisedTensor,
  options: { values: QuantisedValues; firstPlane?: number },
): void {
  const { values, firstPlane = 0 } = options;
  const { bits, shape, words, scales } = values;
  const { planes } = sizesOf(shape, bits);
  const [all, own] = [tensor.shape, shape].map((dims) => dims.slice(-2).join());
  if (bits !== tensor.bits || own !== all || firstPlane + planes > tensor.words.shape[0]) {
    throw new RangeError(
      `Cannot write [${shape.join(", ")}] of ${bits} bits from plane ${firstPlane} on into ` +
        `${tensor.words.label} [${tensor.shape.join(", ")}] of ${tensor.bits} bits`,
    );
  }
  pool.write(planesOf(tensor.words, firstPlane, planes), words);
  pool.write(planesOf(tensor.scales, firstPlane, planes), scales);
}

/** Puts quantised weights on the device. */
export function uploadQuantised(
  pool: Pool,
  values: QuantisedValues,
  options: { label: string },
): QuantisedTensor {
  const { bits, shape } = values;
  const tensor = emptyQuantised(pool, { bits, shape, ...options });
  writeQuantised(pool, tensor, { values });
  return tensor;
}
