/**
 * Images that are drawn by a seed: a shape with a texture at a place, under noise.
 *
 * @module
 */
import type { Stream } from "../../kernels/mod.ts";

/** Pixels on a side. */
export const IMAGE_SIDE = 12;

/** Pixels on a side of a patch. */
export const PATCH_SIDE = 4;

/** Patches of an image. */
export const PATCHES: number = (IMAGE_SIDE / PATCH_SIDE) ** 2;

/** Numbers of a patch. */
export const PATCH_SIZE: number = PATCH_SIDE ** 2;

/** Half the width of a shape. */
const RADIUS = 3.5;

/** Places lie this far from the middle, in both directions. */
const AWAY = 1.5;

/** Whether a pixel at (x, y) from the middle of a shape is in it. */
export const imageShapes: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < RADIUS,
  disc: (x, y) => Math.hypot(x, y) < RADIUS,
  cross: (x, y) =>
    Math.min(Math.abs(x), Math.abs(y)) < 1.1 && Math.max(Math.abs(x), Math.abs(y)) < RADIUS,
  frame: (x, y) => Math.abs(Math.max(Math.abs(x), Math.abs(y)) - RADIUS + 0.7) < 0.8,
};

/** What a pixel of a shape is, -1 or 1, by its column and row. */
export const imageTextures: Readonly<Record<string, (column: number, row: number) => number>> = {
  rows: (_, row) => row % 2 ? 1 : -1,
  columns: (column) => column % 2 ? 1 : -1,
  checks: (column, row) => (column + row) % 2 ? 1 : -1,
  plain: () => 1,
};

/** An image, told by its parts. */
export interface ImageParts {
  /** Index of the shape. */
  shape: number;
  /** Index of the texture. */
  texture: number;
  /** Quarter that the shape lies in, 0 to 3. */
  place: number;
}

const drawnShapes = Object.values(imageShapes);
const drawnTextures = Object.values(imageTextures);

/** Different values of each part. */
export const imageParts = {
  shape: drawnShapes.length,
  texture: drawnTextures.length,
  place: 4,
} as const;

/**
 * The patches of an image one behind the other, each row by row: [PATCHES, PATCH_SIZE]. Where exactly
 * it lies, how strong it is, and noise of deviation `noise` come from the stream.
 *
 * @example
 * ```ts
 * import { drawImage } from "@moelab/moelab/core";
 * import { split } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const parts = { shape: 0, texture: 3, place: 0 };
 * const image = drawImage(parts, { stream: split(1, "image"), noise: 0 });
 * assertEquals(image.length, 144);
 * assertEquals(image.every((pixel) => pixel >= 0), true);
 * ```
 */
export function drawImage(
  { shape, texture, place }: ImageParts,
  { stream, noise = 0.3 }: { stream: Stream; noise?: number },
): Float32Array {
  const middle = (IMAGE_SIDE - 1) / 2;
  const jitter = () => stream.uniform() - 0.5;
  const [cx, cy] = [
    middle + (place % 2 ? AWAY : -AWAY) + jitter(),
    middle + (place < 2 ? -AWAY : AWAY) + jitter(),
  ];
  const strength = 0.7 + 0.6 * stream.uniform();
  const side = IMAGE_SIDE / PATCH_SIDE;
  return Float32Array.from({ length: IMAGE_SIDE ** 2 }, (_, i) => {
    const patch = Math.floor(i / PATCH_SIZE);
    const within = i % PATCH_SIZE;
    const column = patch % side * PATCH_SIDE + within % PATCH_SIDE;
    const row = Math.floor(patch / side) * PATCH_SIDE + Math.floor(within / PATCH_SIDE);
    const inside = drawnShapes[shape](column - cx, row - cy);
    return (inside ? strength * drawnTextures[texture](column, row) : 0) + noise * stream.normal();
  });
}
