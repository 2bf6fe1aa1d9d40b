/**
 * Random numbers by counting: number i of a name in a step is a hash of (seed, step, name, i).
 *
 * A stream would have to be walked through in order; a hash gives any number at once, so that each
 * thread of a kernel makes its own, and the host makes the same ones again. The same mixing serves
 * gates that hash token ids. All of it is 32-bit arithmetic, written once in TypeScript and once in
 * WGSL ({@linkcode HASH_WGSL}); a test compares the two.
 *
 * The mixing is the 32-bit output permutation of a congruential generator (M. O'Neill, "PCG", 2014).
 *
 * @module
 */
import type { NoiseKind } from "./arrays.ts";

const MULTIPLIER = 747796405;
const INCREMENT = 2891336453;
const OUTPUT_MULTIPLIER = 277803737;

function permute(v: number): number {
  const state = (Math.imul(v, MULTIPLIER) + INCREMENT) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, OUTPUT_MULTIPLIER) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}

/**
 * The hash of what came before and one number more, both u32.
 *
 * @example
 * ```ts
 * import { mixHash } from "@moelab/moelab/core";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * assertEquals(mixHash(1, 2), mixHash(1, 2));
 * assertNotEquals(mixHash(1, 2), mixHash(2, 1));
 * ```
 */
export function mixHash(before: number, next: number): number {
  return permute(permute(next) ^ before);
}

/** Where random numbers are drawn. */
export interface NoiseKeyOptions {
  /** Seed of the run. */
  seed: number;
  /** Step of training. */
  step: number;
}

/** The key of a name in a step, u32; number i under it is `mixHash(key, i)`. */
export function noiseKey(name: string, { seed, step }: NoiseKeyOptions): number {
  let key = mixHash(mixHash(0, seed >>> 0), step >>> 0);
  for (let i = 0; i < name.length; i++) key = mixHash(key, name.charCodeAt(i));
  return key;
}

/** A number in (0, 1) of a hash: an odd multiple of 2^-24, exact in 32-bit floats, never 0 or 1. */
export function hashUniform(hash: number): number {
  return ((hash >>> 8) | 1) / 0x1000000;
}

/**
 * Number `i` under a key: uniform in (0, 1); standard normal (Box-Muller, of the hashes of 2i and
 * 2i + 1); or Gumbel, -log(-log(u)).
 */
export function hashNoise(kind: NoiseKind, key: number, i: number): number {
  if (kind === "normal") {
    const radius = Math.sqrt(-2 * Math.log(hashUniform(mixHash(key, 2 * i))));
    return radius * Math.cos(2 * Math.PI * hashUniform(mixHash(key, 2 * i + 1)));
  }
  const u = hashUniform(mixHash(key, i));
  return kind === "gumbel" ? -Math.log(-Math.log(u)) : u;
}

/**
 * The hash of indices that lie at the same place, below `buckets`; where one of them is dropped, so
 * is the result. `seed` tells apart hashes of the same indices.
 */
export function hashBucket(ids: readonly number[], options: {
  buckets: number;
  seed: number;
}): number {
  const hash = ids.reduce(mixHash, mixHash(0, options.seed >>> 0));
  return hash % options.buckets;
}

/** The same functions in WGSL, under the same names with underscores. */
export const HASH_WGSL = `fn hash_permute(v: u32) -> u32 {
  let state = v * ${MULTIPLIER}u + ${INCREMENT}u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * ${OUTPUT_MULTIPLIER}u;
  return (word >> 22u) ^ word;
}
fn mix_hash(before: u32, next: u32) -> u32 {
  return hash_permute(hash_permute(next) ^ before);
}
fn hash_uniform(hash: u32) -> f32 {
  return f32((hash >> 8u) | 1u) * ${2 ** -24};
}
fn hash_normal(key: u32, i: u32) -> f32 {
  let radius = sqrt(-2.0 * log(hash_uniform(mix_hash(key, 2u * i))));
  return radius * cos(${2 * Math.PI} * hash_uniform(mix_hash(key, 2u * i + 1u)));
}
fn hash_gumbel(key: u32, i: u32) -> f32 {
  return -log(-log(hash_uniform(mix_hash(key, i))));
}
`;
