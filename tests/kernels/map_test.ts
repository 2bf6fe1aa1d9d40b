import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { layoutOf, padded } from "../../kernels/layout.ts";
import { mapTensors } from "../../kernels/map/map.ts";
import { blendOracle } from "../../kernels/map/oracle.ts";
import { mapRun, mapShader } from "../../kernels/map/recipe.ts";
import * as maps from "../../kernels/map/recipes.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { createPool, download, type Pool, rowsOf, type Tensor } from "../../kernels/tensor.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";
import { batch, type StorageCase, storages } from "./slopes.ts";

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** A tensor with all that its layout holds, padding included, as a vector. */
const raw = (t: Tensor): Tensor => ({ ...t, shape: [layoutOf(t.shape).elements] });

/** A tensor whose padding rows hold NaN, as memory of the pool may. */
function dirty(pool: Pool, shape: readonly number[], data: Float32Array): Tensor {
  const { plane, pitch, elements } = layoutOf(shape);
  const live = shape[shape.length - 2] * pitch;
  const all = padded(shape, data).map((v, i) => (i % plane < live ? v : NaN));
  return { ...pool.upload("dirty", [elements], all), shape, pitch, plane };
}

function everyRecipe(pool: Pool, shape: readonly number[], storage: StorageCase) {
  const host = (name: string) => storage.host(numbers(name, count(shape)));
  const [x, b, y] = [host("x"), host("b"), host("y")];
  const up = (name: string, data: typeof x) => pool.upload(name, shape, data);
  return (recorder: ReturnType<typeof createRecorder>) => {
    const tx = up("x", x);
    const onto = up("y", y);
    maps.addScaled(recorder, onto, { x: tx, alpha: -0.75 });
    const zeroed = up("zeroed", b);
    maps.zeroTensor(recorder, zeroed);
    const results: [Tensor, ReturnType<typeof blendOracle>][] = [
      [maps.addTensors(recorder, tx, { b: up("b", b) }), blendOracle(x, b, { a: 1, b: 1 })],
      [maps.scaleTensor(recorder, tx, { by: 3.5 }), blendOracle(x, b, { a: 3.5, b: 0 })],
      [maps.copyTensor(recorder, tx), blendOracle(x, b, { a: 1, b: 0 })],
      [onto, blendOracle(x, y, { a: -0.75, b: 1 })],
      [zeroed, blendOracle(x, y, { a: 0, b: 0 })],
    ];
    return {
      tensors: results.flatMap(([t]) => [t, raw(t)]),
      check(values: Float32Array[]) {
        results.forEach(([t, wanted], i) => {
          const { tolerance } = storage;
          const what = `${t.label} [${shape}]`;
          assertClose(values[2 * i], storage.stored(wanted), { what, tolerance });
          const all = padded(shape, values[2 * i]);
          assert(values[2 * i + 1].every((v, at) => v === all[at]), `padding of ${what}`);
        });
      },
    };
  };
}

const shapes: number[][] = [
  ...fc.sample(
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }),
    { seed: 1, numRuns: 12 },
  ),
  [1],
  [9],
  [1, 1],
  [8, 8],
  [3, 8, 5],
  [3, 5, 8],
  [67, 203],
];

Deno.test(
  "pointwise operators are those of the oracle over random shapes, and leave zeros in the padding",
  withDevice(async (pool, device) => {
    for (const storage of storages(device)) {
      // A queue writes words of 4 bytes: vectors of f16 have an even length.
      const { BYTES_PER_ELEMENT } = storage.host(new Float32Array(0));
      const whole = shapes.filter((s) => layoutOf(s).elements * BYTES_PER_ELEMENT % 4 === 0);
      await batch(pool, whole.map((shape) => everyRecipe(pool, shape, storage)));
    }
  }),
);

Deno.test(
  "the order for GPUs, one vector a thread, gives the same",
  withDevice(async (_, device) => {
    const gpu = { ...device, adapter: { ...device.adapter, software: false } };
    assertEquals([mapRun(gpu), mapRun({ adapter: { ...device.adapter, software: true } })], [1, 4]);
    const pool = createPool(gpu);
    const [storage] = storages(device);
    await batch(pool, shapes.slice(-5).map((shape) => everyRecipe(pool, shape, storage)));
    pool.trim();
  }),
);

Deno.test(
  "what lies in padding rows goes nowhere, and an update leaves the rows beside a view alone",
  withDevice(async (pool, device) => {
    const shape = [2, 5, 13];
    const x = numbers("x", count(shape));
    const y = numbers("y", 24 * 13);
    const recorder = createRecorder(pool);
    const tx = dirty(pool, shape, x);
    const copied = maps.copyTensor(recorder, tx);
    const onto = pool.upload("onto", shape, new Float32Array(count(shape)));
    maps.addScaled(recorder, onto, { x: tx });
    const matrix = pool.upload("matrix", [24, 13], y);
    const rows = rowsOf(matrix, { from: 8, count: 5 });
    maps.addScaled(recorder, rows, {
      x: rowsOf(pool.upload("z", [8, 13], y.subarray(0, 8 * 13)), { from: 0, count: 5 }),
    });
    recorder.submit();
    const got = await download(device, [raw(copied), raw(onto), matrix]);
    assertEquals(got[0], padded(shape, x));
    assertEquals(got[1], padded(shape, x));
    const at = (i: number) => i - 8 * 13;
    const wanted = y.map((v, i) => at(i) >= 0 && at(i) < 5 * 13 ? v + y[at(i)] : v);
    assertEquals(got[2], wanted);
  }),
);

Deno.test(
  "storage types may differ between tensors, a scalar counts for all, and a plane is reached",
  withDevice(async (pool, device) => {
    const recipe = {
      name: "test blend",
      reads: ["h"],
      scalars: ["factor"],
      updates: ["y"],
      values: ["shift"],
      planes: { h: 2 },
      body: "y = fma(h_0 * factor, h_1, shift * y);",
    };
    const [h, y] = [numbers("h", 2 * 5 * 9), numbers("y", 5 * 9)];
    const half = device.gpu.features.has("shader-f16");
    const [th, ty] = [half ? Float16Array.from(h) : h, y];
    const tensors = {
      h: pool.upload("h", [2, 5, 9], th),
      y: pool.upload("y", [5, 9], ty),
      factor: pool.upload("factor", [1], Float32Array.of(0.5)),
    };
    const recorder = createRecorder(pool);
    mapTensors(recorder, recipe, { tensors, values: { shift: 2 } });
    recorder.submit();
    const [got] = await download(device, [tensors.y]);
    const terms = Array.from({ length: 45 }, (_, i) => [0.5 * th[i] * th[45 + i], 2 * ty[i]]);
    assertClose(got, {
      values: Float64Array.from(terms, ([a, b]) => a + b),
      scale: Float64Array.from(terms, ([a, b]) => Math.abs(a) + Math.abs(b)),
    }, { what: "blend" });
    assertThrows(
      () => mapTensors(recorder, recipe, { tensors: { ...tensors, h: tensors.y } }),
      RangeError,
      "[5, 9]: wanted [2, rows, columns]",
    );
    const ids = pool.upload("ids", [5, 9], new Uint32Array(45));
    assertThrows(() => maps.copyTensor(recorder, ids), RangeError, "ids: it holds u32");
    const b = pool.upload("b", [9, 5], y);
    assertThrows(
      () => maps.addTensors(recorder, tensors.y, { b }),
      RangeError,
      "y is [5, 9], b [9, 5]",
    );
  }),
);

Deno.test("a recipe's shader binds reads, scalars, updates and writes in this order", () => {
  const recipe = {
    name: "r",
    reads: ["a"],
    scalars: ["s"],
    updates: ["u"],
    writes: ["w"],
    body: "",
  };
  const dtypes = { a: "f16", s: "f32", u: "f32", w: "f32" } as const;
  const code = mapShader(recipe, { dtypes, run: 4 });
  const found = [...code.matchAll(/@binding\((\d)\) var<(.*)> (\w+)_at: (.*);/g)];
  assertEquals(found.map((m) => m.slice(1)), [
    ["0", "storage, read", "a", "array<vec4<f16>>"],
    ["1", "storage, read", "s", "array<f32>"],
    ["2", "storage, read_write", "u", "array<vec4<f32>>"],
    ["3", "storage, read_write", "w", "array<vec4<f32>>"],
  ]);
  assertEquals(code.startsWith("enable f16;"), true);
});
