import fc from "fast-check";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { layoutOf, padded } from "../../kernels/layout.ts";
import { extentOf } from "../../kernels/map/extent.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { clipOf } from "../../kernels/reduce/clip.ts";
import { columnSums } from "../../kernels/reduce/columns.ts";
import { clipOracle, columnSumsOracle, sumOracle } from "../../kernels/reduce/oracle.ts";
import { meanOf, sumOf } from "../../kernels/reduce/sums.ts";
import { download, type Pool, type Tensor } from "../../kernels/tensor.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";
import { batch, storages } from "./slopes.ts";

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** A tensor whose memory beyond its shape holds NaN, as that of the pool may. */
function dirty(pool: Pool, shape: readonly number[], data: Float32Array): Tensor {
  const { plane, pitch, elements } = layoutOf(shape);
  const live = shape.length < 2 ? pitch : shape[shape.length - 2] * pitch;
  const all = new Float32Array(4096 * Math.ceil(elements / 4096)).fill(NaN);
  padded(shape, data).forEach((v, i) => {
    if (i % plane < live) all[i] = v;
  });
  return { ...pool.upload("dirty", [all.length], all), shape, pitch, plane };
}

const shapes: number[][] = [
  ...fc.sample(
    fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 3 }),
    { seed: 1, numRuns: 12 },
  ),
  [1],
  [1, 1],
  [3, 5, 9],
  [40000],
  [67, 1030],
];

Deno.test(
  "sums, sums of squares and means are those of the oracle, whatever lies in the padding",
  withDevice(async (pool) => {
    await batch(
      pool,
      shapes.map((shape) => (recorder) => {
        const x = numbers(`x${shape}`, count(shape));
        const t = dirty(pool, shape, x);
        const plain = sumOracle([x]);
        const mean = { ...plain, values: plain.values.map((v) => v / x.length) };
        const wanted = [plain, sumOracle([x], { squares: true }), mean];
        return {
          tensors: [
            sumOf(recorder, [t]),
            sumOf(recorder, [t], { squares: true }),
            meanOf(recorder, t),
          ],
          check: (values) =>
            values.forEach((got, i) => assertClose(got, wanted[i], { what: `${i} of [${shape}]` })),
        };
      }),
    );
  }),
);

Deno.test(
  "gradients of many tensors are clipped by their common norm, the same bits each time",
  withDevice(async (pool, device) => {
    const lists = shapes.map((shape, i) => numbers(`g${i}`, count(shape), 0.1));
    const tensors = shapes.map((shape, i) => dirty(pool, shape, lists[i]));
    const recorder = createRecorder(pool);
    const clips = [0.5, 0.5, 1e6].map((maxNorm) => clipOf(recorder, tensors, { maxNorm }));
    recorder.submit();
    const got = await download(device, clips.flatMap(({ norm, factor }) => [norm, factor]));
    const { norm, factor } = clipOracle(lists, { maxNorm: 0.5 });
    assertAlmostEquals(got[0][0], norm, 1e-5 * norm);
    assertAlmostEquals(got[1][0], factor, 1e-5 * factor);
    assert(factor < 0.1, "the gradients are clipped");
    assertEquals([got[2], got[3]], [got[0], got[1]]);
    assertEquals(got[5][0], 1);
    assertThrows(() => sumOf(recorder, []), RangeError, "sum of no tensors");
  }),
);

Deno.test(
  "column sums are those of the oracle over random shapes, with rows beyond the shape unread",
  withDevice(async (pool, device) => {
    const sizes = fc.record({
      rows: fc.integer({ min: 1, max: 200 }),
      n: fc.integer({ min: 1, max: 70 }),
    });
    const some = [
      ...fc.sample(sizes, { seed: 1, numRuns: 12 }),
      { rows: 1, n: 1 },
      { rows: 64, n: 8 },
      { rows: 65, n: 1030 },
    ];
    await batch(
      pool,
      some.map(({ rows, n }) => (recorder) => {
        const x = numbers(`x${rows}x${n}`, rows * n);
        return {
          tensors: [columnSums(recorder, dirty(pool, [rows, n], x))],
          check([got]) {
            assertClose(got, columnSumsOracle(x, { rows, n }), { what: `columns ${rows}x${n}` });
          },
        };
      }),
    );
    const vector = pool.upload("vector", [3], new Float32Array(3));
    assertThrows(
      () => columnSums(createRecorder(pool), vector),
      RangeError,
      "vector [3]: wanted a matrix",
    );
    if (!device.gpu.features.has("shader-f16")) return;
    const half = storages(device)[1].host(numbers("half", 150 * 13));
    await batch(pool, [(recorder) => {
      const x = pool.upload("half", [150, 13], half);
      return {
        tensors: [columnSums(recorder, x), sumOf(recorder, [x])],
        check([columns, sum]) {
          assertClose(columns, columnSumsOracle(half, { rows: 150, n: 13 }), { what: "f16" });
          assertClose(sum, sumOracle([half]), { what: "f16 sum" });
        },
      };
    }]);
  }),
);

Deno.test("planes without padding rows are one long plane", () => {
  assertEquals(extentOf([7]), { planes: 1, live: 7, vectors: 2, stride: 2 });
  assertEquals(extentOf([4, 2, 3, 5]), { planes: 8, live: 24, vectors: 6, stride: 16 });
  assertEquals(extentOf([4, 2, 8, 5]), { planes: 1, live: 512, vectors: 128, stride: 128 });
});
