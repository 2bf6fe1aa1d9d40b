/**
 * The time of matrix products, tile by tile.
 *
 * A kernel cuts its result into tiles and gives each multiprocessor one after the other. All tiles
 * take as long, so a product takes a whole number of *waves*: 129 tiles on 128 multiprocessors cost
 * as much as 256 ("wave quantisation", NVIDIA's Matrix Multiplication Background User's Guide). A
 * tile of r rows and c columns takes
 *
 *     2 r c (k + k0) * secondsPerFlop * multiprocessors
 *
 * where k0, the inner half size, stands for filling and draining its pipeline. A library chooses
 * among tiles of two sizes (the small ones slower by a factor) and may split k over several
 * multiprocessors, whose partial sums it then adds. Part of the time to write results is hidden
 * behind no tile, and no product is faster than its bytes can move.
 *
 * A law without multiprocessors knows nothing of tiles: its compute time grows smoothly, by
 * 1 + h (1/m + 1/n + 1/k).
 *
 * @module
 */

/** A law of products as numbers; see the module. */
export interface ProductModel {
  /** Seconds of a FLOP in full waves of long tiles. */
  secondsPerFlop: number;
  /** Seconds of a byte where memory is the bound. */
  secondsPerByte: number;
  /** Multiprocessors that share the tiles; 0 for a smooth law. */
  multiprocessors: number;
  /** Inner size k at which a tile's fixed time equals its products'; `h` of a smooth law. */
  innerHalfSize: number;
  /** Time of a FLOP in small tiles over that in large ones. */
  smallTileFactor: number;
  /** Share of the time to write results that no tile hides. */
  exposedResults: number;
  /** Bytes of an element of the inputs. */
  inputBytes: number;
  /** Bytes of an element of the result. */
  resultBytes: number;
}

/** Tiles of BF16 kernels of cuBLAS and CUTLASS on Ampere and later, and of their narrow products. */
const large = { rows: 128, columns: 256 };
const small = { rows: 64, columns: 128 };

/** Beyond so many waves no library splits k: nothing is left to gain. */
const wavesWithoutSplit = 8;

/** FP32 partial sums are written and read. */
const partialSumBytes = 8;

function tiled(
  tiles: number,
  flopsPerK: number,
  k: number,
  splitSeconds: number,
  law: ProductModel,
): number {
  const device = law.multiprocessors;
  const each = flopsPerK * law.secondsPerFlop * device;
  const k0 = law.innerHalfSize;
  const whole = Math.ceil(tiles / device) * each * (k + k0);
  if (splitSeconds === Infinity || tiles > wavesWithoutSplit * device) return whole;
  const halves = Math.ceil(2 * tiles / device) * each * (k / 2 + k0) + 2 * splitSeconds;
  const quarters = Math.ceil(4 * tiles / device) * each * (k / 4 + k0) + 4 * splitSeconds;
  return Math.min(whole, halves, quarters);
}

function tileTimes(
  largeTiles: number,
  smallTiles: number,
  k: number,
  splitSeconds: number,
  law: ProductModel,
): number {
  const few = tiled(largeTiles, 2 * large.rows * large.columns, k, splitSeconds, law);
  const many = tiled(smallTiles, 2 * small.rows * small.columns, k, splitSeconds, law) *
    law.smallTileFactor;
  return few < many ? few : many;
}

function longest(compute: number, bytes: number, results: number, law: ProductModel): number {
  const tiles = compute + law.exposedResults * results * law.secondsPerByte;
  const memory = (bytes + results) * law.secondsPerByte;
  return tiles > memory ? tiles : memory;
}

/** Seconds of an m x k by k x n product whose result moves so many bytes an element. */
export function productSeconds(
  m: number,
  n: number,
  k: number,
  law: ProductModel,
  resultBytes: number,
): number {
  const smooth = law.multiprocessors === 0;
  const compute = smooth
    ? 2 * m * n * k * law.secondsPerFlop * (1 + law.innerHalfSize * (1 / m + 1 / n + 1 / k))
    : tileTimes(
      Math.ceil(m / large.rows) * Math.ceil(n / large.columns),
      Math.ceil(m / small.rows) * Math.ceil(n / small.columns),
      k,
      m * n * partialSumBytes * law.secondsPerByte,
      law,
    );
  return longest(compute, (m + n) * k * law.inputBytes, m * n * resultBytes, law);
}

/** Tiles along the rows of a group: whole ones, or on average half a tile more where uneven. */
function rowTiles(rows: number, largest: number, tile: number): number {
  return largest > rows ? rows / tile + 0.5 : Math.ceil(rows / tile);
}

/**
 * Seconds of `groups` products in one kernel, each of m rows on average and at most `largest`, with
 * a matrix of its own.
 */
export function groupedProductSeconds(
  m: number,
  n: number,
  k: number,
  groups: number,
  largest: number,
  law: ProductModel,
  resultBytes: number,
): number {
  const smooth = law.multiprocessors === 0;
  const compute = smooth
    ? 2 * groups * m * n * k * law.secondsPerFlop *
      (1 + law.innerHalfSize * (1 / m + 1 / n + 1 / k))
    : tileTimes(
      groups * rowTiles(m, largest, large.rows) * Math.ceil(n / large.columns),
      groups * rowTiles(m, largest, small.rows) * Math.ceil(n / small.columns),
      k,
      Infinity,
      law,
    );
  const inputs = groups * (m + n) * k * law.inputBytes;
  return longest(compute, inputs, groups * m * n * resultBytes, law);
}
