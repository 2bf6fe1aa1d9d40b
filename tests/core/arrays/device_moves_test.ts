/** Moving numbers on the device: shapes, parts, repetitions and look-ups, as on the host. */
import { assertThrows } from "@std/assert";
import { type Arrays, NONE, type Shape } from "../../../core/arrays/arrays.ts";
import { split } from "../../../kernels/base/random.ts";
import { withDevice } from "../../kernels/compare.ts";
import { type ArraysCase, assertSameArrays, onDevice, shapes } from "./device_cases.ts";

/** Indices below a bound, some of which were dropped. */
function someIds<A, I>(g: Arrays<A, I>, shape: Shape, below: number): I {
  const name = `ids ${shape} below ${below}`;
  const stream = split(5, name);
  return g.indices(
    name,
    shape,
    () =>
      Array.from(
        { length: shape[0] * shape[1] },
        () => stream.uniform() < 0.2 ? NONE : stream.int(0, below - 1),
      ),
  );
}

const one = (name: string, shape: Shape, of: ArraysCase["of"]): ArraysCase => ({
  ...{ name: `${name} [${shape}]`, inputs: { x: shape }, of },
});

Deno.test(
  "other shapes, transposes and columns",
  withDevice(async (pool) => {
    await assertSameArrays(
      pool,
      shapes.flatMap((shape) => {
        const [rows, columns] = shape;
        return [
          one("flat row", shape, (g, { x }) => g.reshape(x, [1, rows * columns])),
          one("flat column", shape, (g, { x }) => g.reshape(x, [rows * columns, 1])),
          one("same shape", shape, (g, { x }) => g.reshape(x, shape)),
          one("sides changed", shape, (g, { x }) => g.reshape(x, [columns, rows])),
          one("transposed", shape, (g, { x }) => g.transpose(x)),
          one("last column", shape, (g, { x }) => g.columns(x, columns - 1, columns)),
          one("first columns", shape, (g, { x }) => g.columns(x, 0, Math.ceil(columns / 2))),
          one("repeated", shape, (g, { x }) => g.repeatRows(x, 3)),
          one("mean of all rows", shape, (g, { x }) => g.segmentMeans(x, rows)),
        ];
      }),
    );
    await assertSameArrays(pool, [
      one("inner columns", [9, 21], (g, { x }) => g.columns(x, 3, 14)),
      one("segments", [24, 10], (g, { x }) => g.segmentMeans(x, 4)),
      one("segments of one", [7, 2], (g, { x }) => g.segmentMeans(x, 1)),
    ]);
  }),
);

Deno.test(
  "matrices side by side, also more than one launch binds, and the same one twice",
  withDevice(async (pool) => {
    const widths = [3, 8, 1, 9, 2, 5, 4, 7, 6];
    const names = widths.map((_, i) => `x${i}`);
    await assertSameArrays(pool, [
      {
        name: "nine",
        inputs: Object.fromEntries(widths.map((n, i) => [names[i], [11, n] as const])),
        of: (g, x) => g.beside(...names.map((name) => x[name])),
      },
      one("twice", [5, 3], (g, { x }) => g.beside(x, x)),
      one("alone", [5, 3], (g, { x }) => g.beside(x)),
      one(
        "with a constant",
        [5, 3],
        (g, { x }) => g.beside(g.constant("two", [5, 2], () => Array(10).fill(2)), x),
      ),
    ]);
  }),
);

Deno.test(
  "entries are taken and put, rows looked up; dropped ones give 0 and get nothing",
  withDevice(async (pool) => {
    const sizes: readonly [rows: number, columns: number, k: number][] = [
      [1, 1, 1],
      [1, 9, 3],
      [13, 4, 2],
      [70, 8, 1],
      [6, 16, 16],
    ];
    await assertSameArrays(
      pool,
      sizes.flatMap(([rows, columns, k]) => [
        one(`take ${k}`, [rows, columns], (g, { x }) => g.take(x, someIds(g, [rows, k], columns))),
        one(
          `put into ${columns}`,
          [rows, k],
          (g, { x }) => g.put(x, someIds(g, [rows, k], columns), columns),
        ),
        one("look up", [columns, k], (g, { x }) => g.lookUp(x, someIds(g, [rows, 1], columns))),
      ]),
    );
    await assertSameArrays(pool, [
      one(
        "look up twice",
        [5, 9],
        (g, { x }) =>
          g.map(
            "multiply",
            g.lookUp(x, someIds(g, [30, 1], 5)),
            g.lookUp(x, someIds(g, [30, 1], 4)),
          ),
      ),
      one(
        "nothing but dropped",
        [5, 9],
        (g, { x }) => g.lookUp(x, g.indices("none", [6, 1], () => Array(6).fill(NONE))),
      ),
      one("choices of the two best", [20, 6], (g, { x }) => {
        const scores = g.softmax(x);
        const ids = g.topK(scores, 2);
        const weights = g.take(scores, ids);
        return g.put(g.map("divide", weights, g.sumRows(weights)), ids, 6);
      }),
    ]);
  }),
);

Deno.test(
  "what does not fit is refused",
  withDevice(async (pool) => {
    await onDevice(pool, (g) => {
      const x = { value: pool.upload("x", [4, 6], new Float32Array(24)) };
      const y = { value: pool.upload("y", [3, 6], new Float32Array(18)) };
      const ids = g.indices("ids", [3, 2], () => Array(6).fill(0));
      const wrong: [() => unknown, string][] = [
        [() => g.reshape(x, [5, 5]), "Reshaped [4, 6] to [5, 5], which has other entries"],
        [() => g.beside(x, y), "[4, 6], [3, 6]: unequal rows"],
        [() => g.columns(x, 4, 7), "Took columns 4 to 7 of [4, 6]"],
        [() => g.segmentMeans(x, 3), "Cut 4 rows into segments of 3"],
        [() => g.take(x, ids), "Used indices [3, 2] with a matrix of 4 rows"],
        [() => g.put(y, ids, 4), "Put [3, 6] where indices [3, 2] say"],
        [() => g.lookUp(x, ids), "Looked rows up by indices [3, 2]"],
        [() => g.indexShapeOf(x.value), "of f32 as indices: wanted u32"],
      ];
      for (const [call, message] of wrong) assertThrows(call, RangeError, message);
      return [];
    });
  }),
);
