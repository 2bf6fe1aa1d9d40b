/**
 * Numbers of four and eight bits with scales, as releases store them.
 *
 * - MXFP4 (gpt-oss): 32 neighbouring inputs of an output share a power of two; numbers are of
 *   {0, 0.5, 1, 1.5, 2, 3, 4, 6} with a sign, two a byte, the lower bits first.
 * - F8 (DeepSeek-V3): blocks of a matrix share a factor; numbers are F8_E4M3.
 *
 * Factors are powers of two here and fit the largest number, so that packing what was rounded is
 * exact.
 *
 * @module
 */
import type { Tensor } from "../oracle/tensors.ts";

/** A tensor as its bytes in a file. */
export interface StoredTensor {
  dtype: string;
  shape: readonly number[];
  bytes: Uint8Array;
}

/** Rows and columns of a block of F8 that share a factor, as `weight_block_size` of the config. */
export const blockF8 = [24, 20] as const;

const fourBits = [0, 0.5, 1, 1.5, 2, 3, 4, 6];

// Three bits of fraction: subnormals in steps of 2^-9, then exponents from -6; 0x7f is no number.
const eightBits = Array.from({ length: 127 }, (_, bits) => {
  const [exponent, fraction] = [bits >> 3, bits & 7];
  return exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7);
});

/** Index of the number of a sorted table that is nearest. */
function nearest(table: readonly number[], value: number): number {
  const above = table.findIndex((entry) => entry >= value);
  if (above <= 0) return above < 0 ? table.length - 1 : 0;
  return value - table[above - 1] < table[above] - value ? above - 1 : above;
}

/** The least power of two by which numbers up to `most` fit a table. */
const factorOf = (most: number, table: readonly number[]) =>
  most === 0 ? 1 : 2 ** Math.ceil(Math.log2(most / table.at(-1)!));

/** Numbers of a matrix [outputs, inputs] and the factor of each, one a block. */
interface Blocks {
  table: readonly number[];
  /** Rows and columns of a block. */
  block: readonly [number, number];
}

const mxfp4: Blocks = { table: fourBits, block: [1, 32] };
const f8: Blocks = { table: eightBits, block: blockF8 };

/** Factors of the blocks of a matrix, [rows / block, columns / block]. */
function factorsOf(
  data: ArrayLike<number>,
  [rows, columns]: readonly number[],
  { table, block }: Blocks,
): { factors: number[]; of: (row: number, column: number) => number } {
  const across = Math.ceil(columns / block[1]);
  const of = (r: number, c: number) => Math.floor(r / block[0]) * across + Math.floor(c / block[1]);
  const most = Array<number>(Math.ceil(rows / block[0]) * across).fill(0);
  for (let i = 0; i < rows * columns; i++) {
    const at = of(Math.floor(i / columns), i % columns);
    most[at] = Math.max(most[at], Math.abs(data[i]));
  }
  const factors = most.map((one) => factorOf(one, table));
  return { factors, of: (r, c) => factors[of(r, c)] };
}

/** Sign and index of each number in its table. */
function codesOf(data: ArrayLike<number>, shape: readonly number[], blocks: Blocks): {
  factors: number[];
  codes: { negative: boolean; index: number; value: number }[];
} {
  const { factors, of } = factorsOf(data, shape, blocks);
  const codes = Array.from(data, (value, i) => {
    const factor = of(Math.floor(i / shape[1]), i % shape[1]);
    const index = nearest(blocks.table, Math.abs(value) / factor);
    return { negative: value < 0, index, value: Math.sign(value) * blocks.table[index] * factor };
  });
  return { factors, codes };
}

/** The last two dimensions exchanged. */
export function exchanged({ shape, data }: Tensor): Tensor {
  const [rows, columns] = shape.slice(-2);
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [matrix, r, c] = [
      ...[Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns],
    ];
    out[matrix * rows * columns + c * rows + r] = data[i];
  }
  return { shape: [...shape.slice(0, -2), columns, rows], data: out };
}

/** Calls `change` with each matrix of the last two dimensions. */
function eachMatrix<T>(
  { shape, data }: Tensor,
  change: (data: Float32Array | Float64Array, shape: readonly number[]) => T,
): T[] {
  const matrix = shape.slice(-2);
  const size = matrix[0] * matrix[1];
  return Array.from(
    { length: data.length / size },
    (_, i) => change(data.subarray(i * size, (i + 1) * size), matrix),
  );
}

/** Matrices of [inputs, outputs] rounded to what a format holds. */
export function roundedTo(tensor: Tensor, format: "MXFP4" | "F8"): Tensor {
  const blocks = format === "F8" ? f8 : mxfp4;
  const turned = exchanged(tensor);
  const values = eachMatrix(
    turned,
    (data, shape) => codesOf(data, shape, blocks).codes.map(({ value }) => value),
  );
  return exchanged({ shape: turned.shape, data: Float32Array.from(values.flat()) });
}

/** Matrices of [outputs, inputs] as blocks of 16 bytes, and their powers of two. */
export function packedMxfp4(tensor: Tensor): { blocks: StoredTensor; scales: StoredTensor } {
  const found = eachMatrix(tensor, (data, shape) => codesOf(data, shape, mxfp4));
  const codes = found.flatMap((one) => one.codes)
    .map(({ negative, index }) => index + (negative ? 8 : 0));
  const groups = [...tensor.shape.slice(0, -1), tensor.shape.at(-1)! / 32];
  return {
    blocks: {
      dtype: "U8",
      shape: [...groups, 16],
      bytes: Uint8Array.from({ length: codes.length / 2 }, (_, i) => {
        return codes[2 * i] + 16 * codes[2 * i + 1];
      }),
    },
    scales: {
      dtype: "U8",
      shape: groups,
      bytes: Uint8Array.from(
        found.flatMap(({ factors }) => factors),
        (factor) => 127 + Math.log2(factor),
      ),
    },
  };
}

/** A matrix of [outputs, inputs] as F8_E4M3, and the factor of each of its blocks. */
export function packedF8({ shape, data }: Tensor): { numbers: StoredTensor; scale: StoredTensor } {
  const { factors, codes } = codesOf(data, shape, f8);
  const bytes = Uint8Array.from(codes, ({ negative, index }) => index + (negative ? 128 : 0));
  return {
    numbers: { dtype: "F8_E4M3", shape, bytes },
    scale: {
      dtype: "F32",
      shape: shape.map((size, axis) => Math.ceil(size / blockF8[axis])),
      bytes: new Uint8Array(Float32Array.from(factors).buffer),
    },
  };
}
