/** Products, pointwise functions and sums on the device: the host's values and gradients. */
import { assertThrows } from "@std/assert";
import type { Shape } from "../../../core/arrays/arrays.ts";
import { type MapName, pointwise } from "../../../core/arrays/functions.ts";
import { numbers, withDevice } from "../../kernels/compare.ts";
import { type ArraysCase, assertSameArrays, onDevice, shapes } from "./device_cases.ts";

/** Inputs where a function has a value and no kink: away from 0, and above it for log and root. */
const above = (name: string, n: number) => numbers(name, n).map((v) => 0.3 + Math.abs(v));
const beside0 = (name: string, n: number) => numbers(name, n).map((v) => v + 0.1 * Math.sign(v));

function mapCase(name: MapName, operandShapes: readonly Shape[]): ArraysCase {
  const letters = ["a", "b", "c"].slice(0, operandShapes.length);
  return {
    name: `${name} of ${operandShapes.map((s) => `[${s}]`).join(" ")}`,
    inputs: Object.fromEntries(letters.map((letter, i) => [letter, operandShapes[i]])),
    values: ["log", "root", "divide"].includes(name) ? above : beside0,
    of: (g, x) => g.map(name, ...letters.map((letter) => x[letter])),
  };
}

const full: Shape = [10, 9];
const stretches: Readonly<Record<1 | 2 | 3, readonly (readonly Shape[])[]>> = {
  1: [[[1, 1]], [[3, 9]]],
  2: [
    [full, full],
    [full, [1, 9]],
    [[10, 1], full],
    [[1, 1], full],
    [[10, 1], [1, 9]],
    [[1, 1], [1, 1]],
    [[70, 1], [70, 1]],
    [[1, 9], [1, 1]],
  ],
  3: [[full, full, full], [full, [10, 1], [1, 1]], [[10, 1], [1, 9], full]],
};

Deno.test(
  "each pointwise function stretches forward and is summed backward as on the host",
  withDevice(async (pool) => {
    const names = Object.keys(pointwise) as MapName[];
    await assertSameArrays(
      pool,
      names.flatMap((name) => stretches[pointwise[name].arity].map((s) => mapCase(name, s))),
    );
  }),
);

Deno.test(
  "one matrix may be several operands, and what is fixed gets no gradient",
  withDevice(async (pool) => {
    const shape: Shape = [10, 3];
    await assertSameArrays(pool, [
      { name: "x x", inputs: { x: shape }, of: (g, { x }) => g.map("multiply", x, x) },
      { name: "x + x", inputs: { x: shape }, of: (g, { x }) => g.map("add", x, x) },
      {
        name: "x detached x",
        inputs: { x: shape },
        of: (g, { x }) => g.map("multiply", g.detach(x), x),
      },
      {
        name: "detached alone",
        inputs: { x: shape },
        of: (g, { x }) =>
          g.map("exp", g.map("add", g.detach(x), g.constant("one", [1, 1], () => [1]))),
      },
      {
        name: "straight-through",
        inputs: { x: shape },
        of: (g, { x }) => g.map("add", g.map("subtract", x, g.detach(x)), g.map("sign", x)),
      },
      {
        name: "noise times x",
        inputs: { x: [5, 20] },
        of: (g, { x }) => {
          const normal = g.map("multiply", x, g.noise("gate", "normal", [5, 20]));
          const jitter = g.map("multiply", normal, g.noise("jitter", "uniform", [5, 20]));
          return g.map("add", jitter, g.noise("gumbel", "gumbel", [5, 20]));
        },
      },
    ]);
  }),
);

Deno.test(
  "products in three forms, and their gradients",
  withDevice(async (pool) => {
    const sizes = [[1, 1, 1], [5, 3, 9], [11, 9, 6], [8, 16, 8]];
    await assertSameArrays(
      pool,
      sizes.flatMap(([m, k, n]): ArraysCase[] => [
        {
          name: `product ${m} ${k} ${n}`,
          inputs: { a: [m, k], b: [k, n] },
          of: (g, { a, b }) => g.product(a, b),
        },
        {
          name: `product of a transposed ${m} ${k} ${n}`,
          inputs: { a: [k, m], b: [k, n] },
          of: (g, { a, b }) => g.product(a, b, { transpose: "a" }),
        },
        {
          name: `product of b transposed ${m} ${k} ${n}`,
          inputs: { a: [m, k], b: [n, k] },
          of: (g, { a, b }) => g.product(a, b, { transpose: "b" }),
        },
        {
          name: `product with a constant ${m} ${k} ${n}`,
          inputs: { a: [m, k] },
          of: (g, { a }) =>
            g.product(a, g.constant(`c ${k} ${n}`, [k, n], () => numbers("c", k * n))),
        },
      ]),
    );
  }),
);

Deno.test(
  "sums, softmaxes and lengths of rows",
  withDevice(async (pool) => {
    await assertSameArrays(
      pool,
      shapes.flatMap((shape): ArraysCase[] => {
        const one = (name: string, of: ArraysCase["of"]) => ({
          ...{ name: `${name} [${shape}]`, inputs: { x: shape }, of },
        });
        return [
          one("scale", (g, { x }) => g.scale(x, -1.7)),
          one("shift", (g, { x }) => g.shift(x, 0.4)),
          one("softmax", (g, { x }) => g.softmax(x)),
          one("log-sum-exp", (g, { x }) => g.logSumExp(x)),
          one("sum of rows", (g, { x }) => g.sumRows(x)),
          one("sum of columns", (g, { x }) => g.sumColumns(x)),
          one("total", (g, { x }) => g.total(x)),
          // A row of one number has the length of that: the gradient is only rounding.
          ...shape[1] > 1 ? [one("unit", (g, { x }) => g.unit(x))] : [],
          one("largest", (g, { x }) => g.largest(x)),
        ];
      }),
    );
    await assertSameArrays(pool, [
      { name: "parts", inputs: { x: [9, 12] }, of: (g, { x }) => g.softmax(x, { parts: 4 }) },
      { name: "half", inputs: { x: [35, 4] }, of: (g, { x }) => g.softmax(x, { parts: 2 }) },
    ]);
  }),
);

Deno.test(
  "a total of very many numbers is added in two launches, to the same",
  withDevice(async (pool) => {
    const data = numbers("many", 2048 * 40);
    const [[sum]] = await onDevice(pool, (g) => [
      g.total({ value: pool.upload("many", [2048, 40], data) }).value,
    ]);
    const wanted = data.reduce((a, b) => a + b, 0);
    const size = data.reduce((a, b) => a + Math.abs(b), 0);
    if (Math.abs(sum - wanted) > 1e-6 * size) throw new Error(`${sum} is not ${wanted}`);
  }),
);

Deno.test(
  "what does not fit is refused",
  withDevice(async (pool) => {
    await onDevice(pool, (g) => {
      const x = { value: pool.upload("x", [4, 6], new Float32Array(24)) };
      const row = { value: pool.upload("row", [1, 5], new Float32Array(5)) };
      const wrong: [() => unknown, string][] = [
        [() => g.map("add", x, row), "Cannot stretch [1, 5] in add: wanted 1 or 4 rows"],
        [() => g.map("add", x), 'Gave 1 operands to "add", which takes 2'],
        [() => g.softmax(x, { parts: 4 }), "Cut 6 columns into 4 equal parts"],
        [() => g.product(x, x), "inner size"],
        [() => g.shapeOf({ value: pool.upload("v", [3], new Float32Array(3)) }), "two dimensions"],
      ];
      for (const [call, message] of wrong) assertThrows(call, RangeError, message);
      return [];
    });
  }),
);
