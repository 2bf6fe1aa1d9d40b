/**
 * Storage types on the CPU.
 *
 * @module
 */

/**
 * The values that a storage type holds for these: rounded to its nearest.
 *
 * @example
 * ```ts
 * import { castOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...castOracle([1 / 3], "f16")], [0.333251953125]);
 * ```
 */
export function castOracle(x: ArrayLike<number>, to: "f32" | "f16"): Float64Array {
  return Float64Array.from(x, to === "f16" ? Math.f16round : Math.fround);
}
