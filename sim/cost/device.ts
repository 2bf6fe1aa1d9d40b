/**
 * What kernels cost on a device, in closed form: a profile compiled to plain numbers for one number
 * format, and functions of a few arithmetic steps that a planner can call millions of times.
 *
 * Seconds are those of a kernel from its first instruction to its last; launches, gaps and the host
 * are the software stack's, and so are the seconds that a call adds for each expert where a library
 * issues their kernels one by one (`groupSeconds`: the figure is here, but no price contains it).
 * How products cost is told in `tiles.ts`.
 *
 * @module
 */
import type { Law, Profile } from "../../kernels/base/profile_schema.ts";
import type { Precision } from "../plan/plan.ts";
import { type AttentionModel, attentionPassSeconds, compileAttention } from "./attention.ts";
import { formats, peakOf } from "./formats.ts";
import { groupedProductSeconds, type ProductModel, productSeconds } from "./tiles.ts";

export type { AttentionModel } from "./attention.ts";
export type { ProductModel } from "./tiles.ts";

/** A device for one number format. */
export interface DeviceModel {
  /** Id of the profile. */
  id: string;
  /** Format of the products. */
  precision: Precision;
  /** Memory as an allocator sees it, bytes. */
  memoryBytes: number;
  /** Products of two matrices. */
  product: ProductModel;
  /** Products of many experts in one call. */
  grouped: ProductModel;
  /** Seconds that such a call adds for each expert; part of no price. */
  groupSeconds: number;
  /** Fused attention in 16 bits, whatever the format of the products. */
  attention: { forward: AttentionModel; backward: AttentionModel };
  /** Seconds of a byte that element-wise kernels read or write. */
  secondsPerByte: number;
  /** Bytes read and written for an element of a product's inputs to bring it to the format. */
  castBytesPerElement: number;
  /** Seconds of such a byte. */
  castSecondsPerByte: number;
  /** Share of the multiprocessors that exchanges of tokens take while they run. */
  communicationShare: number;
}

/** The law of one kind of product: tile by tile where the profile has one, else smooth. */
function compileProduct(
  profile: Profile,
  precision: Precision,
  kind: "product" | "grouped",
): ProductModel {
  const laws = profile.precisions;
  const law = (laws?.[precision] ?? laws?.[formats[precision].like])?.[kind];
  const smooth: Law = (kind === "grouped" ? profile.laws.grouped_gemm : profile.laws.gemm) ??
    profile.law;
  const { computeEfficiency, memoryEfficiency } = law ?? smooth;
  return {
    secondsPerFlop: 1 / (peakOf(profile, precision) * computeEfficiency),
    secondsPerByte: 1 / (profile.memoryBandwidthBytesPerSecond * memoryEfficiency),
    multiprocessors: law ? profile.multiprocessors ?? 1 : 0,
    innerHalfSize: law?.innerHalfSize ?? smooth.halfSize,
    smallTileFactor: law?.smallTileFactor ?? 1,
    exposedResults: law?.exposedResults ?? 0,
    inputBytes: formats[precision].bytes,
    resultBytes: Math.max(2, formats[precision].bytes),
  };
}

/**
 * A profile as numbers for one format of products.
 *
 * @throws {UserError} where the device does not know the format.
 *
 * @example
 * ```ts
 * import { compileDevice, deviceProfile, gemmSeconds } from "@moelab/moelab/sim";
 * import { assert } from "@std/assert";
 *
 * const h100 = compileDevice(deviceProfile("h100"), "bf16");
 * const seconds = gemmSeconds(8192, 8192, 8192, h100);
 * assert(seconds > 2 * 8192 ** 3 / 989.4e12);
 * ```
 */
export function compileDevice(profile: Profile, precision: Precision): DeviceModel {
  const bandwidth = profile.memoryBandwidthBytesPerSecond;
  const elementwise = (profile.laws.elementwise ?? profile.law).memoryEfficiency;
  return {
    id: profile.id,
    precision,
    memoryBytes: profile.memoryBytes,
    product: compileProduct(profile, precision, "product"),
    grouped: compileProduct(profile, precision, "grouped"),
    groupSeconds: profile.precisions?.[precision]?.groupSeconds ?? 0,
    attention: compileAttention(profile),
    secondsPerByte: 1 / (bandwidth * elementwise),
    castBytesPerElement: formats[precision].castBytes,
    castSecondsPerByte: 1 / (bandwidth * (profile.castMemoryEfficiency ?? elementwise)),
    communicationShare: profile.communicationShare ?? 0,
  };
}

/**
 * Seconds of the product of an m x k and a k x n matrix; 0 where it is empty.
 *
 * An element of the result moves `resultBytes`: twice its size where the product is added to what
 * is there, so 8 for the gradient of weights in FP32.
 */
export function gemmSeconds(
  m: number,
  n: number,
  k: number,
  device: DeviceModel,
  resultBytes = device.product.resultBytes,
): number {
  return m > 0 && n > 0 && k > 0 ? productSeconds(m, n, k, device.product, resultBytes) : 0;
}

/**
 * Seconds of the products of `groups` experts in one call, `rows` of all together and at most
 * `largest` of one, with an n x k matrix each.
 *
 * No call is faster than the product of its fullest expert alone.
 *
 * @example
 * ```ts
 * import { compileDevice, deviceProfile, groupedSeconds } from "@moelab/moelab/sim";
 * import { assert } from "@std/assert";
 *
 * const b200 = compileDevice(deviceProfile("b200"), "bf16");
 * const even = groupedSeconds(32768, 32, 4096, 7168, b200);
 * assert(groupedSeconds(32768, 32, 4096, 7168, b200, 16384) > even);
 * ```
 */
export function groupedSeconds(
  rows: number,
  groups: number,
  n: number,
  k: number,
  device: DeviceModel,
  largest = rows / groups,
): number {
  if (!(rows > 0 && n > 0 && k > 0)) return 0;
  const law = device.grouped;
  const all = groupedProductSeconds(rows / groups, n, k, groups, largest, law, law.resultBytes);
  if (largest * groups <= rows) return all;
  const fullest = productSeconds(largest, n, k, law, law.resultBytes);
  return all > fullest ? all : fullest;
}

/**
 * Seconds of the gradients of n x k weights of `groups` experts over `rows` rows of all together,
 * added to main gradients that move `resultBytes` an element.
 */
export function groupedGradientSeconds(
  rows: number,
  groups: number,
  n: number,
  k: number,
  device: DeviceModel,
  largest = rows / groups,
  resultBytes = 8,
): number {
  if (!(rows > 0 && n > 0 && k > 0)) return 0;
  const law = device.grouped;
  const all = groupedProductSeconds(n, k, rows / groups, groups, n, law, resultBytes);
  if (largest * groups <= rows) return all;
  const fullest = productSeconds(n, k, largest, law, resultBytes);
  return all > fullest ? all : fullest;
}

/**
 * Seconds of softmax attention over `heads` = batch * heads, each with `queries` queries that see
 * `keys` keys on average (half of the sequence where it is causal).
 */
export function attentionSeconds(
  heads: number,
  queries: number,
  keys: number,
  qkDim: number,
  vDim: number,
  pass: "forward" | "backward",
  device: DeviceModel,
): number {
  const rows = heads * queries;
  if (!(rows > 0 && keys > 0)) return 0;
  const backward = pass === "backward";
  const law = backward ? device.attention.backward : device.attention.forward;
  const compute = attentionPassSeconds(rows, keys, qkDim, vDim, backward, law);
  const memory = 4 * rows * (qkDim + vDim) * (backward ? 2 : 1) * device.secondsPerByte;
  return compute > memory ? compute : memory;
}

/** Seconds to move bytes by element-wise kernels, reads and writes counted alike. */
export function memorySeconds(bytes: number, device: DeviceModel): number {
  return bytes * device.secondsPerByte;
}

/** Seconds to bring so many 16-bit elements to the format of the products, in one layout. */
export function castSeconds(elements: number, device: DeviceModel): number {
  return elements * device.castBytesPerElement * device.castSecondsPerByte;
}
