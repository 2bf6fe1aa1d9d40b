/** Matrices and indices made element by element: what a recipe is given, and where results lie. */
import fc from "fast-check";
import { assertEquals, assertThrows } from "@std/assert";
import { type ElementRecipe, elements, NO_ID } from "../../kernels/elements/elements.ts";
import { besideRecipe, elementRecipes, idRecipes } from "../../kernels/elements/recipes.ts";
import { layoutOf, padded } from "../../kernels/layout.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { download, rowsOf, type Tensor } from "../../kernels/tensor.ts";
import { numbers, poisoned, withDevice } from "./compare.ts";

/** A matrix with the padding of its columns, as a vector. */
const raw = (t: Tensor): Tensor => ({ ...t, shape: [t.shape[0] * t.pitch] });

const shapes = [
  ...fc.sample(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 40 })), {
    seed: 1,
    numRuns: 8,
  }),
  [1, 1] as [number, number],
  [8, 8] as [number, number],
];

Deno.test(
  "elements are what the recipe says at each row and column, and padding columns are 0",
  withDevice(async (pool, device) => {
    const recipe: ElementRecipe = {
      name: "everything",
      gives: "f32",
      reads: { x: "f32", ids: "u32" },
      values: { by: "f32", plus: "u32" },
      functions: "fn twice(v: f32) -> f32 { return 2.0 * v; }",
      body: `if (p.x_rows != p.rows || p.x_columns != p.columns) { return -1.0; }
  let i = row * p.columns + column;
  if (p.ids_count != p.rows * p.columns) { return -2.0; }
  return twice(x[row * p.x_pitch + column]) * p.by + f32(ids[i] + p.plus);`,
    };
    const recorder = createRecorder(pool);
    const made = shapes.map((shape) => {
      const x = numbers("x", shape[0] * shape[1]);
      const tensors = {
        x: poisoned(pool, "x", shape, x),
        ids: pool.upload("ids", [x.length], Uint32Array.from(x, (_, i) => i % 7)),
      };
      const y = elements(recorder, recipe, { shape, tensors, values: { by: 0.5, plus: 3 } });
      const wanted = x.map((v, i) => Math.fround(v + (i % 7 + 3)));
      return { shape, y, wanted };
    });
    recorder.submit();
    const values = await download(device, made.map(({ y }) => raw(y)));
    made.forEach(({ shape, wanted }, n) => {
      const rows = padded(shape, wanted).subarray(0, shape[0] * layoutOf(shape).pitch);
      assertEquals(values[n], rows, `${shape}`);
    });
  }),
);

Deno.test(
  "a result is added to a matrix that is given, and a flat one has no padding",
  withDevice(async (pool, device) => {
    const shape = [5, 3] as const;
    const [x, y] = [numbers("x", 15), numbers("y", 15)];
    const tensors = { x: pool.upload("x", shape, x) };
    const into = pool.upload("y", shape, y);
    const recorder = createRecorder(pool);
    const added = elements(recorder, elementRecipes.reshape, { shape, tensors, into });
    const flat = elements(recorder, elementRecipes.reshape, {
      shape: [1, 15],
      tensors,
      flat: true,
    });
    const back = elements(recorder, elementRecipes.reshape, { shape, tensors: { x: flat } });
    recorder.submit();
    assertEquals(added, into);
    assertEquals([flat.shape, flat.pitch], [[15], 15]);
    const values = await download(device, [added, flat, back]);
    assertEquals(values, [x.map((v, i) => v + y[i]), x, x]);
  }),
);

Deno.test(
  "an index that names nothing takes 0, stays what it is, and a table has no more than it has",
  withDevice(async (pool, device) => {
    const x = pool.upload("x", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
    const ids = pool.upload("ids", [4], Uint32Array.of(2, NO_ID, 3, 0));
    const table = pool.upload("table", [3], Uint32Array.of(7, 8, 9));
    const recorder = createRecorder(pool);
    const taken = elements(recorder, elementRecipes.take, { shape: [2, 2], tensors: { x, ids } });
    const rows = elements(recorder, elementRecipes.rows, { shape: [4, 3], tensors: { x, ids } });
    const shape = [2, 2] as const;
    const lists = [
      elements(recorder, idRecipes.lookUp, { shape, tensors: { table, ids } }),
      elements(recorder, idRecipes.atMost, { shape, tensors: { ids }, values: { most: 2 } }),
      elements(recorder, besideRecipe("u32", 2), {
        shape: [2, 4],
        tensors: { part0: ids, part1: ids },
        values: { at0: 0, at1: 2 },
      }),
    ];
    recorder.submit();
    const values = await download(device, [taken, rows]);
    assertEquals(values.map((v) => [...v]), [[3, 0, 0, 4], [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]]);
    const got = await download(device, lists, Uint32Array);
    assertEquals(got.map((v) => [...v]), [
      [9, NO_ID, NO_ID, 7],
      [2, 2, 2, 0],
      [2, NO_ID, 2, NO_ID, 3, 0, 3, 0],
    ]);
  }),
);

Deno.test(
  "what does not fit a recipe is refused",
  withDevice(async (pool, device) => {
    const recorder = createRecorder(pool);
    const x = pool.upload("x", [16, 3], new Float32Array(48));
    const ids = pool.upload("ids", [48], new Uint32Array(48));
    const shape = [16, 3] as const;
    const copy = (tensors: Record<string, Tensor>, into?: Tensor) => () =>
      elements(recorder, elementRecipes.reshape, { shape, tensors, into });
    assertThrows(copy({ x: ids }), RangeError, "Cannot reshape ids: found u32, wanted f32");
    const view = rowsOf(x, { from: 8, count: 8 });
    assertThrows(copy({ x: view }), RangeError, "found a view of rows, wanted f32");
    const other = pool.upload("other", [3, 16], new Float32Array(48));
    assertThrows(
      copy({ x }, other),
      RangeError,
      "Cannot add reshape [16, 3] to other [3, 16]",
    );
    recorder.submit();
    await download(device, [x]);
  }),
);
