/** Choices, indices and noise on the device: the very ones of the host. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type Arrays, type DropOrder, NONE, type Shape } from "../../../core/arrays/arrays.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { split } from "../../../kernels/base/random.ts";
import { numbers, withDevice } from "../../kernels/compare.ts";
import {
  assertSameArrays,
  assertSameIds,
  type IdsCase,
  onDevice,
  SEED,
  STEP,
} from "./device_cases.ts";

const sizes: readonly Shape[] = [[1, 1], [1, 9], [13, 4], [70, 8], [32, 24]];

/** Numbers of which many are equal. */
const tied = (name: string, n: number) => {
  const stream = split(3, name);
  return Float32Array.from({ length: n }, () => stream.int(-2, 2) / 2);
};

function someIds<A, I>(g: Arrays<A, I>, shape: Shape, below: number): I {
  const stream = split(5, `${shape} ${below}`);
  return g.indices(
    `ids ${shape} below ${below}`,
    shape,
    () =>
      Array.from(
        { length: shape[0] * shape[1] },
        () => stream.uniform() < 0.15 ? NONE : stream.int(0, below - 1),
      ),
  );
}

const one = (name: string, shape: Shape, more: Omit<IdsCase, "name" | "inputs">): IdsCase => ({
  ...{ name: `${name} [${shape}]`, inputs: { x: shape } },
  ...more,
});

Deno.test(
  "the largest, those above 0 and those that a mask keeps, ties included",
  withDevice(async (pool) => {
    const negative = (name: string, n: number) => tied(name, n).map((v) => v === 0 ? -0 : v);
    await assertSameIds(
      pool,
      sizes.flatMap(([rows, columns]) => {
        const shape = [rows, columns] as const;
        const counts = [...new Set([1, Math.min(2, columns), Math.min(11, columns), columns])];
        return [
          ...counts.flatMap((k) => [
            one(`top ${k}`, shape, { of: (g, { x }) => g.topK(x, k) }),
            one(`top ${k} of ties`, shape, { values: tied, of: (g, { x }) => g.topK(x, k) }),
            one(`top ${k} of -0`, shape, { values: negative, of: (g, { x }) => g.topK(x, k) }),
          ]),
          one("where", shape, { values: tied, of: (g, { x }) => g.where(x) }),
          one("keep", shape, { values: tied, of: (g, { x }) => g.keep(someIds(g, shape, 5), x) }),
        ];
      }),
    );
  }),
);

Deno.test(
  "each column takes its best rows of each segment, ties included",
  withDevice(async (pool) => {
    const cases = [[1, 1, 1, 1], [12, 5, 3, 6], [64, 9, 16, 16], [30, 3, 1, 30], [8, 8, 8, 8]];
    for (const values of [tied, numbers]) {
      await assertSameArrays(
        pool,
        cases.map(([rows, columns, count, length]) => ({
          name: `${count} of ${length} [${rows}, ${columns}]`,
          inputs: { x: [rows, columns] as const },
          values,
          of: (g, { x }) => g.choosePerColumn(x, { count, length }),
        })),
      );
    }
  }),
);

Deno.test(
  "indices are computed, hashed, drawn and moved as on the host",
  withDevice(async (pool) => {
    await assertSameIds(
      pool,
      sizes.flatMap(([rows, k]) => {
        const shape = [rows, k] as const;
        const ids = <A, I>(g: Arrays<A, I>, of: Shape, below: number) => someIds(g, of, below);
        return [
          one("affine", shape, { of: (g) => g.affine(ids(g, shape, 90), { times: 3, plus: 2 }) }),
          one("affine of none", shape, { of: (g) => g.affine(ids(g, shape, 90), {}) }),
          one("sums", shape, {
            of: (g) => {
              const plus = g.indices(`plus ${shape}`, shape, () => Array(rows * k).fill(7));
              return g.affine(ids(g, shape, 90), { times: 8, plus });
            },
          }),
          one("random", shape, { of: (g) => g.randomIds("which", shape, 13) }),
          one("repeated", shape, { of: (g) => g.repeatIds(ids(g, shape, 9), 3) }),
          one("beside", shape, {
            of: (g) => g.idsBeside(ids(g, shape, 9), ids(g, [rows, 1], 4), ids(g, [rows, 5], 4)),
          }),
          one("nine beside", shape, {
            of: (g) =>
              g.idsBeside(...Array.from({ length: 9 }, (_, i) => ids(g, [rows, 1], i + 2))),
          }),
          one("looked up", shape, {
            of: (g) =>
              g.lookUpIds(
                g.indices("table", [9, 1], () => [4, 8, NONE, 0, 1, 1, 7, 3, 2]),
                ids(g, shape, 9),
              ),
          }),
          one("hashes", shape, {
            of: (g) => {
              const of = [ids(g, [rows, 1], 300), ids(g, [rows, 1], 301), ids(g, [rows, 1], 302)];
              return g.idsBeside(
                g.hash(of.slice(0, 1), { buckets: 8, seed: 1 }),
                g.hash(of.slice(0, 2), { buckets: 1000, seed: 1 }),
                g.hash(of, { buckets: 7, seed: 2 }),
              );
            },
          }),
        ];
      }),
    );
  }),
);

Deno.test(
  "choices beyond the room of an expert are dropped in each of the three orders",
  withDevice(async (pool) => {
    const cases = [[1, 1, 1, 1], [40, 2, 4, 15], [70, 3, 5, 9], [33, 1, 2, 50], [130, 2, 9, 1]];
    const orders: readonly DropOrder[] = ["sequence", "priority", "random"];
    await assertSameIds(
      pool,
      cases.flatMap(([rows, k, experts, capacity]) =>
        orders.flatMap((order) =>
          [numbers, tied].map((values) =>
            one(`room for ${capacity} of ${experts}, ${order}, by ${values.name}`, [rows, 1], {
              values,
              of: (g, { x }) =>
                g.limit(someIds(g, [rows, k], experts), {
                  ...{ experts, capacity, order, priority: x, name: "drops" },
                }),
            })
          )
        )
      ),
    );
  }),
);

Deno.test(
  "noise is the host's, another in each step and under each name",
  withDevice(async (pool) => {
    const shape = [40, 25] as const;
    const kinds = ["uniform", "normal", "gumbel"] as const;
    const host = hostArrays({ seed: SEED, step: STEP });
    const got = await onDevice(pool, (g) => [
      ...kinds.map((kind) => g.noise("n", kind, shape).value),
      g.noise("other", "uniform", shape).value,
    ]);
    const [later] = await onDevice(pool, (g) => [g.noise("n", "uniform", shape).value], {
      step: STEP + 1,
    });
    assertEquals([...got[0]], [...host.noise("n", "uniform", shape).data]);
    kinds.forEach((kind, i) =>
      host.noise("n", kind, shape).data.forEach((v, at) =>
        assertAlmostEquals(got[i][at], v, 2e-5 * Math.max(1, Math.abs(v)))
      )
    );
    for (const others of [got[3], later]) {
      assert(others.every((v, i) => v !== got[0][i] || i > 990), "the same numbers again");
    }
  }),
);

Deno.test(
  "what does not fit is refused",
  withDevice(async (pool) => {
    await onDevice(pool, (g) => {
      const x = { value: pool.upload("x", [4, 6], new Float32Array(24)) };
      const ids = g.indices("ids", [3, 2], () => Array(6).fill(0));
      const limit = { experts: 4, capacity: 2, name: "n" };
      const wrong: [() => unknown, string][] = [
        [() => g.topK(x, 7), "Cannot choose 7 of 6 columns: wanted 1 to 6"],
        [() => g.keep(ids, x), "Kept indices [3, 2] by a mask [4, 6]"],
        [() => g.choosePerColumn(x, { count: 3, length: 2 }), "3 of every 2 of 4 rows"],
        [() => g.limit(ids, { ...limit, order: "priority" }), "by priority of no rows, not 3"],
        [() => g.limit(ids, { ...limit, order: "priority", priority: x }), "of 4 rows, not 3"],
      ];
      for (const [call, message] of wrong) assertThrows(call, RangeError, message);
      return [];
    });
  }),
);
