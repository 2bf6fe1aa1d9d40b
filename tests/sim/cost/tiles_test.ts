import { assert, assertAlmostEquals } from "@std/assert";
import fc from "fast-check";
import {
  groupedProductSeconds,
  type ProductModel,
  productSeconds,
} from "../../../sim/cost/tiles.ts";

/** A device of 100 multiprocessors that does one tile of 128 x 256 x 1 in two nanoseconds. */
const law: ProductModel = {
  secondsPerFlop: 2e-9 / (2 * 128 * 256) / 100,
  secondsPerByte: 1e-18,
  multiprocessors: 100,
  innerHalfSize: 0,
  smallTileFactor: 2,
  exposedResults: 0,
  inputBytes: 2,
  resultBytes: 2,
};
/** Seconds of a product whose results weigh next to nothing. */
const seconds = (m: number, n: number, k: number, change: Partial<ProductModel> = {}) =>
  productSeconds(m, n, k, { ...law, ...change }, 2);
const close = (a: number, b: number) => assertAlmostEquals(a / b, 1, 1e-3);

Deno.test("full waves of large tiles reach the law's efficiency, by hand", () => {
  close(seconds(1280, 2560, 4096), 4096 * 2e-9);
  close(seconds(12800, 2560, 4096), 10 * 4096 * 2e-9);
});

Deno.test("a tile more than a wave holds costs what the cheapest of the ways out costs", () => {
  // 110 tiles: two waves of whole tiles, or three of half tiles, or five of quarters; or 440 small
  // ones in five waves, each half as long as a large one (a quarter of it, at half the pace).
  const one = 4096 * 2e-9;
  close(seconds(1408, 2560, 4096), 5 / 4 * one);
  // 240 tiles: three waves; five halves or ten quarters are two and a half.
  close(seconds(1280, 2560 * 2.4, 4096), 5 / 2 * one);
});

Deno.test("where its partial sums cost more than they save, k is not split", () => {
  const one = 4096 * 2e-9;
  // 240 tiles as above; so slow that two sums of 20 MB take as long as half a wave.
  const slow = one / 2 / (2 * 8 * 1280 * 6144);
  close(seconds(1280, 6144, 4096, { secondsPerByte: slow, inputBytes: 0 }), 3 * one);
  close(seconds(1280, 6144, 4096, { secondsPerByte: slow / 2, inputBytes: 0 }), 2.75 * one);
});

Deno.test("the inner half size is where a tile's fixed time equals its products'", () => {
  const k = 256;
  close(seconds(1280, 2560, k, { innerHalfSize: k }), 2 * seconds(1280, 2560, k));
});

Deno.test("small tiles are chosen where large ones would be mostly empty", () => {
  // One row block of 64 by 100 columns of 128: a wave of small tiles, half as long as a large one.
  close(seconds(64, 12800, 4096, { secondsPerByte: 1e-18 }), 4096 * 2e-9 / 4 * 2);
});

Deno.test("results that no tile hides are added, and memory bounds from below", () => {
  const slow = { secondsPerByte: 1e-13 };
  const plain = productSeconds(1280, 2560, 4096, { ...law, ...slow }, 8);
  const exposed = productSeconds(1280, 2560, 4096, { ...law, ...slow, exposedResults: 0.5 }, 8);
  close(exposed - plain, 0.5 * 1280 * 2560 * 8e-13);
  const bound = { ...law, secondsPerByte: 1e-6 };
  close(productSeconds(1, 2560, 4096, bound, 2), (2561 * 4096 * 2 + 2560 * 2) * 1e-6);
});

Deno.test("a law without multiprocessors is smooth: 1 + h/m + h/n + h/k", () => {
  const smooth = { ...law, multiprocessors: 0, innerHalfSize: 100 };
  const flops = 2 * 1000 * 500 * 200 * law.secondsPerFlop;
  close(productSeconds(1000, 500, 200, smooth, 2), flops * (1 + 0.1 + 0.2 + 0.5));
});

Deno.test("groups share their waves: even ones cost as one product of their tiles", () => {
  const grouped = (m: number, groups: number, largest = m) =>
    groupedProductSeconds(m, 2560, 4096, groups, largest, law, 2);
  close(grouped(128, 10), 4096 * 2e-9);
  // Half-filled tiles are paid whole, or as small ones at half the pace.
  close(grouped(64, 10), 4096 * 2e-9);
  // Uneven groups lose half a tile each on average.
  close(grouped(1280, 10, 2000), 11 * 4096 * 2e-9);
});

Deno.test("more work never takes less time, and never more than twice for twice", () => {
  const size = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(size, size, size, fc.integer({ min: 1, max: 3 }), (a, b, c, grow) => {
      const [m, n, k] = [a * 61, b * 67, c * 71];
      const here = { innerHalfSize: 80, exposedResults: 0.4, secondsPerByte: 1e-13 };
      const base = seconds(m, n, k, here);
      const grown = seconds(
        ...[m, n, k].map((v, i) => i === grow - 1 ? 2 * v : v) as [
          number,
          number,
          number,
        ],
        here,
      );
      assert(grown >= base * (1 - 1e-9), `${m} ${n} ${k}`);
      assert(grown <= 2 * base * (1 + 1e-9), `${m} ${n} ${k}`);
    }),
    { seed: 1, numRuns: 500 },
  );
});
