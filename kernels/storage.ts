/**
 * Storage types: how the elements of a tensor lie in memory. All arithmetic is f32.
 *
 * A shader that is written for any float storage reads `vec4f(x[i])` and writes `y[i] = T4(v)`, where
 * `T` and `T4` are the aliases of {@linkcode storagePrelude}: the same text serves f32 and f16.
 *
 * @module
 */
import type { HostArray } from "./layout.ts";

/** How elements are stored. */
export type Storage = "f32" | "f16" | "u32";

/** Bytes of an element. */
export const storageBytes: Readonly<Record<Storage, number>> = { f32: 4, f16: 2, u32: 4 };

/** The storage type of a host's array. */
export function storageOf(data: HostArray): Storage {
  return data instanceof Float32Array ? "f32" : data instanceof Uint32Array ? "u32" : "f16";
}

/** `n` elements of a storage type over an array buffer. */
export function hostArray(dtype: Storage, buffer: ArrayBuffer, n: number): HostArray {
  if (dtype === "f32") return new Float32Array(buffer, 0, n);
  return dtype === "u32" ? new Uint32Array(buffer, 0, n) : new Float16Array(buffer, 0, n);
}

/**
 * What comes before the text of a shader: `T` and `T4`, the type of one stored element and of four.
 *
 * @example
 * ```ts
 * import { storagePrelude } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(storagePrelude("f16"), "enable f16;\nalias T = f16;\nalias T4 = vec4<f16>;\n");
 * ```
 */
export function storagePrelude(dtype: Storage): string {
  if (dtype === "u32") throw new RangeError("Cannot compute in u32: wanted f32 or f16");
  const enable = dtype === "f16" ? "enable f16;\n" : "";
  return `${enable}alias T = ${dtype};\nalias T4 = vec4<${dtype}>;\n`;
}
