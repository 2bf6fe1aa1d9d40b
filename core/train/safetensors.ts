/**
 * Tensors to files in the safetensors format and back; the header is in `safetensors_header.ts`.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { HostArray } from "../../kernels/layout.ts";
import type { ByteSource } from "./files.ts";
import {
  headerLength,
  parseHeader,
  safetensorsBits,
  type SafetensorsEntry,
  type SafetensorsHeader,
  type SafetensorsType,
} from "./safetensors_header.ts";

/** A tensor on the host. */
export interface SafetensorsTensor {
  /** Type of its elements. */
  dtype: SafetensorsType;
  /** Dimensions, outermost first. */
  shape: readonly number[];
  /** Its bytes, row by row, little endian. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** A host's array as a tensor: F32, F16 or U32. */
export function safetensorsOf(values: HostArray, shape: readonly number[]): SafetensorsTensor {
  const dtype = values instanceof Float32Array
    ? "F32"
    : values instanceof Uint32Array
    ? "U32"
    : "F16";
  const { buffer, byteOffset, byteLength } = values;
  return { dtype, shape, bytes: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength) };
}

/**
 * A tensor's values: F32, F16 and U32 as they are, BF16 as f32.
 *
 * @throws {UserError} where it has another type.
 */
export function valuesOfSafetensors(tensor: SafetensorsTensor): HostArray {
  const { dtype, bytes } = tensor;
  // A copy begins where any type may begin.
  const { buffer } = bytes.slice();
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F16":
      return new Float16Array(buffer);
    case "U32":
      return new Uint32Array(buffer);
    case "BF16":
      return new Float32Array(
        Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer,
      );
    default:
      throw new UserError(`Cannot use a tensor of ${dtype}: wanted F32, F16, BF16 or U32`);
  }
}

/**
 * f32 as BF16, rounded to the nearest, ties to even; NaN stays NaN.
 *
 * @example
 * ```ts
 * import { bfloat16, valuesOfSafetensors } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const tensor = bfloat16(Float32Array.of(1, 3.14159, -0), [3]);
 * assertEquals([...valuesOfSafetensors(tensor)], [1, 3.140625, -0]);
 * ```
 */
export function bfloat16(values: Float32Array, shape: readonly number[]): SafetensorsTensor {
  const words = new Uint32Array(values.slice().buffer);
  const halves = Uint16Array.from(words, (word) => {
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    return isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  });
  return { dtype: "BF16", shape, bytes: new Uint8Array(halves.buffer) };
}

/** Type and shape of a tensor. */
export type SafetensorsShape = Pick<SafetensorsTensor, "dtype" | "shape">;

/** Bytes of a tensor. */
const sizeOf = ({ dtype, shape }: SafetensorsShape) =>
  shape.reduce((n, size) => n * size, 1) * safetensorsBits[dtype] / 8;

/**
 * How a file begins whose tensors follow in the order given: the header's length and the header.
 *
 * @throws {RangeError} where a tensor has the name that the format keeps for itself.
 */
export function safetensorsHead(
  tensors: Readonly<Record<string, SafetensorsShape>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  if (Object.hasOwn(tensors, "__metadata__")) {
    throw new RangeError("Cannot write a tensor __metadata__: the format keeps that name");
  }
  let end = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape }]) => {
    const data_offsets = [end, end += sizeOf({ dtype, shape })];
    return [name, { dtype, shape, data_offsets }];
  });
  const json = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const text = new TextEncoder().encode(json);
  // Spaces behind the header let the tensors begin at a multiple of 8.
  const head = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(32);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true);
  head.set(text, 8);
  return head;
}

/**
 * A file in pieces: the header, then each tensor.
 *
 * @throws {RangeError} where a tensor's bytes do not fit its shape.
 *
 * @example
 * ```ts
 * import { openSafetensors, readSafetensors, safetensorsPieces } from "@moelab/moelab/core";
 * import { memorySource, safetensorsOf } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const w = safetensorsOf(Float32Array.of(1, 2, 3, 4), [2, 2]);
 * const file = memorySource(safetensorsPieces({ w }, { note: "four numbers" }));
 * const header = await openSafetensors(file, { source: "w.safetensors" });
 * assertEquals(header.metadata.note, "four numbers");
 * assertEquals((await readSafetensors(file, header.tensors.get("w")!)).bytes, w.bytes);
 * ```
 */
export function safetensorsPieces(
  tensors: Readonly<Record<string, SafetensorsTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer>[] {
  for (const [name, tensor] of Object.entries(tensors)) {
    const { dtype, shape, bytes } = tensor;
    if (bytes.length === sizeOf(tensor)) continue;
    throw new RangeError(
      `Cannot write ${name}: found ${bytes.length} bytes, wanted ${sizeOf(tensor)} for ` +
        `${dtype} [${shape.join(", ")}]`,
    );
  }
  return [
    safetensorsHead(tensors, metadata),
    ...Object.values(tensors).map(({ bytes }) => bytes),
  ];
}

/** Pieces as a source that is read from memory. */
export function memorySource(pieces: readonly Uint8Array[]): ByteSource {
  const all = new Uint8Array(pieces.reduce((n, piece) => n + piece.length, 0));
  pieces.reduce((at, piece) => {
    all.set(piece, at);
    return at + piece.length;
  }, 0);
  return {
    size: all.length,
    read: (at, length) => Promise.resolve(all.slice(at, at + length)),
    close: () => {},
  };
}

/**
 * Reads and checks a file's header, and nothing else of it.
 *
 * @throws {UserError} one line that says what is wrong.
 */
export async function openSafetensors(
  file: ByteSource,
  options: { source: string },
): Promise<SafetensorsHeader> {
  const place = { fileBytes: file.size, source: options.source };
  const length = headerLength(await file.read(0, 8), place);
  return parseHeader(await file.read(8, length), place);
}

/**
 * Reads a tensor.
 *
 * @throws {UserError} where the file has become shorter since its header was read.
 */
export async function readSafetensors(
  file: ByteSource,
  entry: SafetensorsEntry,
): Promise<SafetensorsTensor> {
  const { dtype, shape, at, bytes: wanted } = entry;
  const bytes = await file.read(at, wanted);
  if (bytes.length !== wanted) {
    throw new UserError(`Cannot read a tensor: found ${bytes.length} bytes, wanted ${wanted}`);
  }
  return { dtype, shape, bytes };
}

/**
 * Checks that a file has the tensors wanted and no others.
 *
 * @throws {UserError} that names the first that is missing, left over or of another shape or type.
 */
export function checkTensors(
  header: SafetensorsHeader,
  wanted: Readonly<Record<string, SafetensorsShape>>,
  options: { source: string },
): void {
  const wrong = (what: string) => new UserError(`Cannot use ${options.source}: ${what}`);
  const words = (t: SafetensorsShape) => `${t.dtype} [${t.shape.join(", ")}]`;
  for (const [name, tensor] of Object.entries(wanted)) {
    const found = header.tensors.get(name);
    if (!found) throw wrong(`found no tensor ${name}, wanted ${words(tensor)}`);
    if (words(found) !== words(tensor)) {
      throw wrong(`found ${name} as ${words(found)}, wanted ${words(tensor)}`);
    }
  }
  for (const [name, found] of header.tensors) {
    if (Object.hasOwn(wanted, name)) continue;
    throw wrong(`found a tensor ${name} ${words(found)} that the model has not`);
  }
}
