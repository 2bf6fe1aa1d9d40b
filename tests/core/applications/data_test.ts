/** What tasks draw: the same for the same seed, as it is said to be. */
import fc from "fast-check";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import {
  drawImage,
  IMAGE_SIDE,
  imageParts,
  imageShapes,
  PATCH_SIDE,
  PATCH_SIZE,
  PATCHES,
} from "../../../core/applications/images.ts";
import { bestOfRows, evenExperts, meanOfValues } from "../../../core/applications/measures.ts";
import { CONCEPTS, multimodalTask } from "../../../core/applications/multimodal.ts";
import { recommendationTask, taskDirections } from "../../../core/applications/ratings.ts";
import type { ApplicationAt } from "../../../core/applications/recipe.ts";
import { applicationTasks } from "../../../core/applications/table.ts";
import { IMAGE_KINDS, visionTask } from "../../../core/applications/vision.ts";
import { split } from "../../../kernels/base/random.ts";

const sizes = { dModel: 8, heads: 2, hidden: 4, experts: 4, samples: 12 };
const first: ApplicationAt = { seed: 3, step: 0, part: "training" };

Deno.test("a batch is the same for the same seed, step and part, and another for another", () => {
  for (const { batch } of applicationTasks) {
    const one = batch(sizes, first);
    assertEquals(batch(sizes, first), one);
    for (const other of [{ seed: 4 }, { step: 1 }, { part: "held-out" as const }]) {
      assertNotEquals(batch(sizes, { ...first, ...other }), one);
    }
  }
});

/** The pixel at (column, row) of an image of patches. */
function pixelOf(image: Float32Array, column: number, row: number): number {
  const side = IMAGE_SIDE / PATCH_SIDE;
  const patch = Math.floor(row / PATCH_SIDE) * side + Math.floor(column / PATCH_SIDE);
  return image[patch * PATCH_SIZE + row % PATCH_SIDE * PATCH_SIDE + column % PATCH_SIDE];
}

Deno.test("an image without noise has its texture within its shape, and nothing elsewhere", () => {
  const stream = () => split(1, "image");
  const draw = (parts: Parameters<typeof drawImage>[0]) =>
    drawImage(parts, { stream: stream(), noise: 0 });
  const [plain, checks] = [3, 2].map((texture) => draw({ shape: 0, texture, place: 0 }));
  assertEquals(plain.length, PATCHES * PATCH_SIZE);
  const strength = Math.max(...plain);
  for (let row = 0; row < IMAGE_SIDE; row++) {
    for (let column = 0; column < IMAGE_SIDE; column++) {
      const [one, other] = [plain, checks].map((image) => pixelOf(image, column, row));
      assert(one === 0 || one === strength);
      const sign = (column + row) % 2 ? 1 : -1;
      assertEquals(other, one === 0 ? 0 : Math.fround(sign * strength));
    }
  }
  const lit = (place: number) => {
    const image = draw({ shape: 1, texture: 3, place });
    let right = 0;
    for (let row = 0; row < IMAGE_SIDE; row++) {
      for (let column = 0; column < IMAGE_SIDE; column++) {
        if (pixelOf(image, column, row) > 0) right += column < IMAGE_SIDE / 2 ? -1 : 1;
      }
    }
    return Math.sign(right);
  };
  assertEquals([0, 1, 2, 3].map(lit), [-1, 1, -1, 1]);
  const shapes = Object.keys(imageShapes).map((_, shape) => draw({ shape, texture: 3, place: 0 }));
  assertEquals(new Set(shapes.map((image) => image.join())).size, imageParts.shape);
});

Deno.test("pictures are of all kinds", () => {
  const { kinds } = visionTask.batch({ ...sizes, samples: 200 }, first);
  assertEquals(
    [...new Set(Array.from(kinds))].sort(),
    Array.from({ length: IMAGE_KINDS }, (_, i) => i),
  );
});

Deno.test("two tasks' directions have length 1 and the cosine that is asked for", () => {
  const dot = (a: number[], b: number[]) => a.reduce((sum, v, i) => sum + v * b[i], 0);
  fc.assert(
    fc.property(fc.double({ min: -1, max: 1, noNaN: true }), fc.nat(99), (correlation, seed) => {
      const [one, other] = taskDirections(6, { seed, correlation });
      assertAlmostEquals(dot(one, one), 1, 1e-9);
      assertAlmostEquals(dot(other, other), 1, 1e-9);
      assertAlmostEquals(dot(one, other), correlation, 1e-9);
    }),
    { seed: 1, numRuns: 30 },
  );
  assertThrows(
    () => taskDirections(6, { seed: 1, correlation: 2 }),
    RangeError,
    "a correlation of 2, wanted -1 to 1",
  );
});

Deno.test("tasks of correlation 1 are rated alike but for the noise, and others are not", () => {
  const apart = (correlation: number) => {
    const { y } = recommendationTask.batch({ ...sizes, samples: 400, correlation }, first);
    const squares = Array.from({ length: 400 }, (_, b) => (y[2 * b] - y[2 * b + 1]) ** 2);
    return meanOfValues(squares);
  };
  assertAlmostEquals(apart(1), 2 * 0.1 ** 2, 4e-3);
  assert(apart(0.9) > 0.1 && apart(0) > apart(0.9));
});

Deno.test("no concept is twice in a batch of pairs, and a caption says its concept", () => {
  const { words } = multimodalTask.batch({ ...sizes, samples: CONCEPTS }, first);
  const said = Array.from(
    { length: CONCEPTS },
    (_, s) =>
      Array.from(words).slice(s * PATCHES, (s + 1) * PATCHES)
        .filter((word) => word < 12).sort((a, b) => a - b).join(),
  );
  assertEquals(new Set(said).size, CONCEPTS);
  said.forEach((caption) => assertEquals(caption.split(",").length, 3));
  assertThrows(
    () => multimodalTask.batch({ ...sizes, samples: CONCEPTS + 1 }, first),
    RangeError,
    `wanted ${CONCEPTS} at most`,
  );
});

Deno.test("measures count what is right", () => {
  assertEquals(bestOfRows([1, 3, 2, 9, 0, 9], 3), [1, 0]);
  assertAlmostEquals(evenExperts([2, 2, 0, 0]), 2, 1e-12);
  assertAlmostEquals(evenExperts([5]), 1, 1e-12);
  const logits = new Float32Array(2 * IMAGE_KINDS);
  logits[3] = logits[IMAGE_KINDS + 1] = 1;
  const figures = { logits, each: Float32Array.of(1, 2) };
  const found = visionTask.measures(figures, { kinds: [3, 5] }, sizes);
  assertEquals(found, { accuracyFraction: 0.5, loss: 1.5 });
  const similarity = Float32Array.of(1, 0, 1, 0);
  const usage = Float32Array.of(1, 0, 0, 0, 0, 0.5, 0.5, 0);
  const pairs = { similarity, each: Float32Array.of(1), usage };
  const { retrievalFraction, apartFraction, evenExperts: even } = multimodalTask.measures(
    pairs,
    {},
    { ...sizes, samples: 2 },
  );
  assertEquals([retrievalFraction, apartFraction], [0.5, 1]);
  assertAlmostEquals(even, 1.5, 1e-12);
  const errors = Float32Array.of(1, 2, 3, 6);
  assertEquals(recommendationTask.measures({ errors }, {}, sizes), {
    ...{ error: 3, firstError: 2, secondError: 4 },
  });
});
