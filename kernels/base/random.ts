/**
 * Seeded random streams. Every random number of the project comes from here: a stream is named by
 * a seed and a path ("gate/3"), so that adding a consumer never shifts the numbers of another.
 *
 * @module
 */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";

/** A stream of random numbers. Same seed and path, same numbers, on every machine. */
export interface Stream {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in [low, high], both ends included. */
  int(low: number, high: number): number;
  /** Standard normal (Box-Muller, one of each pair used). */
  normal(): number;
  /** A new stream under this one's path. */
  split(path: string): Stream;
}

/** 32-bit FNV-1a of a text: the same on every machine. */
function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  return h | 0;
}

/**
 * The random stream of a seed and a path.
 *
 * @example
 * ```ts
 * import { split } from "@moelab/moelab/kernels";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * assertEquals(split(7, "gate/3").uniform(), split(7, "gate/3").uniform());
 * assertNotEquals(split(7, "gate/3").uniform(), split(7, "gate/4").uniform());
 * ```
 */
export function split(seed: number, path: string): Stream {
  const generator = xoroshiro128plus(hash32(`${seed}/${path}`));
  const uniform = () => uniformFloat64(generator);
  return {
    uniform,
    int: (low, high) => uniformInt(generator, low, high),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    split: (name) => split(seed, `${path}/${name}`),
  };
}

/**
 * `n` standard normal numbers times `scale`, as f32 (Box-Muller, both of each pair used).
 *
 * @example
 * ```ts
 * import { normals, split } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(normals(split(7, "weights"), 3, 0.02).length, 3);
 * ```
 */
export function normals(stream: Stream, n: number, scale = 1): Float32Array<ArrayBuffer> {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i += 2) {
    const radius = scale * Math.sqrt(-2 * Math.log(1 - stream.uniform()));
    const angle = 2 * Math.PI * stream.uniform();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < n) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}
