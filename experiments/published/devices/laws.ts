/**
 * The laws of a device as vectors of parameters: what the fit moves, and the seconds that follow.
 *
 * @module
 */
import type { AttentionLaw, PrecisionLaws, TileLaw } from "../../../kernels/base/profile_schema.ts";
import { attentionPassSeconds } from "../../../sim/cost/attention.ts";
import type { Prior } from "../../../sim/calibrate/fit.ts";
import {
  groupedProductSeconds,
  type ProductModel,
  productSeconds,
} from "../../../sim/cost/tiles.ts";
import type { AttentionWork, KernelRow, ProductWork } from "./kernel_rows.ts";

/** A device's data-sheet figures that products are priced with. */
export interface Rates {
  /** Peak of the products, FLOP/s. */
  peakFlopsPerSecond: number;
  /** Memory bandwidth, bytes a second. */
  bandwidthBytesPerSecond: number;
  /** Multiprocessors. */
  multiprocessors: number;
}

/** A law of products and the seconds that a call (or each expert of a call) adds. */
export interface FittedProducts {
  law: TileLaw;
  addedSeconds: number;
}

/** Parameters of products in the order of their vector, with what is known before any row. */
export const productPriors: readonly Prior[] = [
  // computeEfficiency
  { mean: 0.7, spread: 0.5 },
  // memoryEfficiency: what copies reach on these memories is 0.8 to 0.93 of the data sheet's.
  { mean: 0.8, spread: 0.15 },
  // innerHalfSize: a pipeline of a few steps of 32 or 64; of narrow formats, of longer ones
  { mean: 100, spread: 1.5 },
  // smallTileFactor: small tiles read twice the bytes a FLOP from the caches
  { mean: 1.2, spread: 0.2 },
  // exposedResults
  { mean: 0.4, spread: 1 },
  // addedSeconds: a launch
  { mean: 3e-6, spread: 0.7 },
];

/** Bounds of the same. */
export const productBounds: readonly (readonly [number, number])[] = [
  [0.2, 1],
  [0.7, 0.95],
  [1, 2000],
  [1, 2],
  [0.01, 1],
  [1e-7, 2e-5],
];

/** A vector as a law. */
export function productsOf(values: readonly number[]): FittedProducts {
  const [computeEfficiency, memoryEfficiency, innerHalfSize, smallTileFactor, exposedResults] =
    values;
  return {
    law: {
      computeEfficiency,
      memoryEfficiency,
      innerHalfSize,
      smallTileFactor,
      exposedResults,
    },
    addedSeconds: values[5],
  };
}

/** Seconds of a product's call by a law. */
export function productCallSeconds(
  { work, precision }: KernelRow & { work: ProductWork },
  { law, addedSeconds }: FittedProducts,
  rates: Rates,
): number {
  const model: ProductModel = {
    secondsPerFlop: 1 / (rates.peakFlopsPerSecond * law.computeEfficiency),
    secondsPerByte: 1 / (rates.bandwidthBytesPerSecond * law.memoryEfficiency),
    multiprocessors: rates.multiprocessors,
    innerHalfSize: law.innerHalfSize,
    smallTileFactor: law.smallTileFactor,
    exposedResults: law.exposedResults,
    inputBytes: precision === "fp8" ? 1 : 2,
    resultBytes: 2,
  };
  const { kind, m, n, k, groups, resultBytes } = work;
  return kind === "product"
    ? productSeconds(m, n, k, model, resultBytes) + addedSeconds
    : groupedProductSeconds(m, n, k, groups, m, model, resultBytes) + groups * addedSeconds;
}

/** Priors of attention: efficiency; queries that fill a device; a diagonal tile of 128, half masked. */
export function attentionPriors(multiprocessors: number): readonly Prior[] {
  return [
    { mean: 0.5, spread: 0.5 },
    { mean: 128 * multiprocessors, spread: 1 },
    { mean: 64, spread: 0.5 },
  ];
}

/** A vector as a law. */
export function attentionOf([computeEfficiency, halfRows, halfKeys]: readonly number[]) {
  return { computeEfficiency, halfRows, halfKeys } satisfies AttentionLaw;
}

/** Seconds of attention by a law on a device of that peak, whose memory is not the bound. */
export function attentionRowSeconds(
  { heads, queries, keys, qkDim, vDim, kind }: AttentionWork,
  { computeEfficiency, halfRows, halfKeys }: AttentionLaw,
  peakFlopsPerSecond: number,
): number {
  const secondsPerFlop = 1 / (peakFlopsPerSecond * computeEfficiency);
  const law = { secondsPerFlop, halfRows, halfKeys };
  return attentionPassSeconds(heads * queries, keys, qkDim, vDim, kind === "backward", law);
}

/**
 * A law of 16 bits for a format `rate` times as fast: efficiencies stay, and what a tile waits for
 * in the same seconds is a longer inner size.
 */
export function narrowed(laws: PrecisionLaws, rate: number): PrecisionLaws {
  const longer = (law: TileLaw): TileLaw => ({ ...law, innerHalfSize: law.innerHalfSize * rate });
  return { ...laws, product: longer(laws.product), grouped: longer(laws.grouped) };
}
