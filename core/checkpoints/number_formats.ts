/**
 * Narrow number formats of checkpoints as f32, exactly: every value of each has its own f32.
 *
 * - BF16: the upper half of an f32.
 * - F8_E4M3: sign, 4 bits of exponent (bias 7), 3 of fraction; no infinities, all ones is NaN.
 * - F8_E5M2: sign, 5 bits of exponent (bias 15), 2 of fraction; infinities and NaN as in IEEE 754
 *   (both: "FP8 Formats for Deep Learning", arXiv 2209.05433, section 3).
 * - E2M1: four bits, two a byte, the lower first; E8M0: a power of two, all ones is NaN (both: OCP
 *   Microscaling Formats 1.0, sections 5.3.3 and 5.4.1; arXiv 2310.10537).
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { SafetensorsType } from "../train/safetensors_header.ts";

/** A number of a sign bit, `exponentBits` and `fractionBits`. */
function small(bits: number, exponentBits: number, fractionBits: number): number {
  const fraction = bits % 2 ** fractionBits;
  const exponent = Math.floor(bits / 2 ** fractionBits) % 2 ** exponentBits;
  const sign = bits >= 2 ** (exponentBits + fractionBits) ? -1 : 1;
  const bias = 2 ** (exponentBits - 1) - 1;
  return exponent === 0
    ? sign * fraction * 2 ** (1 - bias - fractionBits)
    : sign * (1 + fraction * 2 ** -fractionBits) * 2 ** (exponent - bias);
}

/** Values of F8_E4M3 by byte. */
export const valuesOfE4M3: Float32Array = Float32Array.from(
  { length: 256 },
  (_, byte) => (byte & 0x7f) === 0x7f ? NaN : small(byte, 4, 3),
);

/** Values of F8_E5M2 by byte. */
export const valuesOfE5M2: Float32Array = Float32Array.from({ length: 256 }, (_, byte) => {
  const magnitude = byte & 0x7f;
  if (magnitude > 0x7c) return NaN;
  return magnitude === 0x7c ? (byte > 127 ? -Infinity : Infinity) : small(byte, 5, 2);
});

/** Values of E2M1 by four bits. */
export const valuesOfE2M1: Float32Array = Float32Array.from(
  { length: 16 },
  (_, bits) => small(bits, 2, 1),
);

/** Values of E8M0 by byte. */
export const valuesOfE8M0: Float32Array = Float32Array.from(
  { length: 256 },
  (_, byte) => byte === 255 ? NaN : 2 ** (byte - 127),
);

/** Bytes that begin where any type may begin: copied where they do not. */
const aligned = (bytes: Uint8Array): Uint8Array =>
  bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();

function fromBF16(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, length } = aligned(bytes);
  const halves = new Uint16Array(buffer, byteOffset, length / 2);
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i] << 16;
  return new Float32Array(words.buffer);
}

function fromF16(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, length } = aligned(bytes);
  return new Float32Array(new Float16Array(buffer, byteOffset, length / 2));
}

function fromTable(bytes: Uint8Array, table: Float32Array): Float32Array {
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) values[i] = table[bytes[i]];
  return values;
}

const readers: Partial<Record<SafetensorsType, (bytes: Uint8Array) => Float32Array>> = {
  F32: (bytes) => new Float32Array(bytes.slice().buffer),
  F16: fromF16,
  BF16: fromBF16,
  F8_E4M3: (bytes) => fromTable(bytes, valuesOfE4M3),
  F8_E5M2: (bytes) => fromTable(bytes, valuesOfE5M2),
};

/** Types whose numbers are read as they are. */
export const readableTypes = Object.keys(readers) as SafetensorsType[];

/**
 * Bytes of a type as f32.
 *
 * @throws {UserError} for a type that holds no numbers of a model.
 *
 * @example
 * ```ts
 * import { decodeNumbers } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...decodeNumbers("F8_E4M3", Uint8Array.of(0x38, 0xc4, 0x7e))], [1, -3, 448]);
 * ```
 */
export function decodeNumbers(dtype: SafetensorsType, bytes: Uint8Array): Float32Array {
  const read = readers[dtype];
  if (read) return read(bytes);
  throw new UserError(`Cannot read numbers of ${dtype}: wanted ${readableTypes.join(", ")}`);
}

/**
 * Blocks of 32 numbers of four bits with a power of two each (MXFP4), as f32: 16 bytes a block, the
 * lower bits of a byte before the upper.
 */
export function decodeMxfp4(blocks: Uint8Array, scales: Uint8Array): Float32Array {
  const values = new Float32Array(2 * blocks.length);
  for (let i = 0; i < blocks.length; i++) {
    const scale = valuesOfE8M0[scales[i >> 4]];
    values[2 * i] = valuesOfE2M1[blocks[i] & 15] * scale;
    values[2 * i + 1] = valuesOfE2M1[blocks[i] >> 4] * scale;
  }
  return values;
}
