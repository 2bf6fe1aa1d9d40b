/**
 * Images drawn by a seed: noise, and somewhere a small pattern that tells the class. What matters is a
 * few places of many, which is the case that experts on patches are for (pMoE, arXiv 2306.04073).
 *
 * @module
 */
import { split } from "../../kernels/mod.ts";

/** How images are drawn. */
export interface ImageTask {
  /** Images of a batch. */
  images: number;
  /** Rows of an image, which is a square. */
  rows: number;
  /** Classes: patterns. */
  classes: number;
  /** Deviation of the noise; patterns are 1 and -1. 0.3 where absent. */
  noise?: number;
  /** Seed of the patterns, which all batches share. */
  seed: number;
}

const PATTERN = 3;

/** The patterns, 9 numbers of 1 or -1 each; no two are equal. */
function patterns({ classes, seed }: ImageTask): number[][] {
  const stream = split(seed, "image patterns");
  const known = new Map<string, number[]>();
  while (known.size < classes) {
    const one = Array.from({ length: PATTERN * PATTERN }, () => stream.int(0, 1) ? 1 : -1);
    known.set(one.join(), one);
  }
  return [...known.values()];
}

/**
 * Pixels [T], image by image and row by row, and the label of each image. A name draws always the same
 * batch, another name another one.
 *
 * @example
 * ```ts
 * import { imageBatch } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const task = { images: 2, rows: 6, classes: 4, seed: 1 };
 * const { pixels, labels } = imageBatch(task, "training 0");
 * assertEquals([pixels.length, labels.length], [72, 2]);
 * assertEquals(imageBatch(task, "training 0").pixels, pixels);
 * ```
 */
export function imageBatch(
  task: ImageTask,
  name: string,
): { pixels: Float32Array; labels: Uint32Array } {
  const { images, rows, classes, noise = 0.3, seed } = task;
  const stream = split(seed, `images ${name}`);
  const known = patterns(task);
  const pixels = Float32Array.from({ length: images * rows * rows }, () => noise * stream.normal());
  const labels = Uint32Array.from({ length: images }, () => stream.int(0, classes - 1));
  labels.forEach((label, image) => {
    const [down, right] = [stream.int(0, rows - PATTERN), stream.int(0, rows - PATTERN)];
    known[label].forEach((v, i) => {
      const row = down + Math.floor(i / PATTERN);
      pixels[(image * rows + row) * rows + right + i % PATTERN] += v;
    });
  });
  return { pixels, labels };
}
