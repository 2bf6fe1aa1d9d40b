import fc from "fast-check";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { NONE } from "../../../core/arrays/arrays.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostIndices, type HostMatrix, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { pointwise } from "../../../core/arrays/functions.ts";

const g = hostArrays({ seed: 1 });
const m = (rows: number[][]) => hostMatrix([rows.length, rows[0].length], rows.flat());
const ids = (rows: number[][]) => hostIndices([rows.length, rows[0].length], rows.flat());
const rowsOf = ({ shape: [rows, n], data }: HostMatrix) =>
  Array.from({ length: rows }, (_, r) => [...data.subarray(r * n, r * n + n)]);

/** A matrix of whole numbers, whose sums are exact, with shapes of its own. */
const matrices = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }))
  .chain(([rows, n]) =>
    fc.array(fc.integer({ min: -9, max: 9 }), { minLength: rows * n, maxLength: rows * n })
      .map((data) => hostMatrix([rows, n], data))
  );
const settings = { seed: 1, numRuns: 60 };

Deno.test("products, plain and transposed, by hand", () => {
  const [a, b] = [m([[1, 2], [3, 4]]), m([[5, 6], [7, 8]])];
  assertEquals(rowsOf(g.product(a, b)), [[19, 22], [43, 50]]);
  assertEquals(rowsOf(g.product(a, b, { transpose: "a" })), [[26, 30], [38, 44]]);
  assertEquals(rowsOf(g.product(a, b, { transpose: "b" })), [[17, 23], [39, 53]]);
  assertThrows(() => g.product(a, m([[1, 2]])), RangeError, "inner lengths must be equal");
});

Deno.test("pointwise functions stretch rows, columns and single numbers", () => {
  const a = m([[1, 2], [3, 4]]);
  assertEquals(rowsOf(g.map("add", a, m([[10, 20]]))), [[11, 22], [13, 24]]);
  assertEquals(rowsOf(g.map("multiply", m([[2], [3]]), a)), [[2, 4], [9, 12]]);
  assertEquals(rowsOf(g.map("subtract", m([[1], [2]]), m([[10, 20]]))), [[-9, -19], [-8, -18]]);
  assertEquals(rowsOf(g.map("select", m([[1, 0]]), a, m([[9]]))), [[1, 9], [3, 9]]);
  assertThrows(() => g.map("add", a, m([[1, 2, 3]])), RangeError, "Stretched [2, 2]");
  assertThrows(() => g.map("add", a), RangeError, "takes 2");
});

Deno.test("every pointwise function gives its own value", () => {
  for (const name of Object.keys(pointwise) as (keyof typeof pointwise)[]) {
    for (const [a, b, c] of [[0.7, -1.3, 2.1], [-0.4, 0.9, -3], [2, 2, 1]]) {
      const operands = [a, b, c].slice(0, pointwise[name].arity).map((v) => m([[v]]));
      const [value] = g.map(name, ...operands).data;
      assertAlmostEquals(value, pointwise[name].value(a, b, c), 1e-12, name);
    }
  }
});

Deno.test("the normal distribution function has the values of tables", () => {
  const cdf = (a: number) => g.map("normalCdf", m([[a]])).data[0];
  assertEquals(cdf(0), 0.5);
  assertAlmostEquals(cdf(1), 0.841344746068543, 1e-14);
  assertAlmostEquals(cdf(-1.959963984540054), 0.025, 1e-14);
  assertAlmostEquals(cdf(-6), 9.865876450377e-10, 1e-15);
  assertEquals([cdf(-40), cdf(40)], [0, 1]);
});

Deno.test("parts of a softmax sum to 1 and grow with their logits", () => {
  fc.assert(
    fc.property(matrices, fc.integer({ min: 1, max: 3 }), (a, parts) => {
      const wide = g.beside(...Array.from({ length: parts }, (_, i) => g.scale(a, i + 1)));
      const soft = g.softmax(wide, { parts });
      const sums = g.sumRows(g.reshape(soft, [a.shape[0] * parts, a.shape[1]]));
      sums.data.forEach((sum) => assertAlmostEquals(sum, 1, 1e-12));
      const shifted = g.softmax(g.map("add", wide, g.sumRows(wide)), { parts });
      soft.data.forEach((v, i) => assertAlmostEquals(v, shifted.data[i], 1e-12));
    }),
    settings,
  );
  assertThrows(() => g.softmax(m([[1, 2, 3]]), { parts: 2 }), RangeError, "2 equal parts");
});

Deno.test("log-sum-exp is the log of a softmax's divisor, and large logits do not overflow", () => {
  const [value] = g.logSumExp(m([[Math.log(2), Math.log(6)]])).data;
  assertAlmostEquals(value, Math.log(8), 1e-14);
  assertAlmostEquals(g.logSumExp(m([[1000, 1000]])).data[0], 1000 + Math.log(2), 1e-12);
});

Deno.test("sums, largest, means of segments, repeated rows and lengths, by hand", () => {
  const a = m([[1, 5], [3, 5], [-4, 3], [0, -6]]);
  assertEquals(rowsOf(g.sumRows(a)), [[6], [8], [-1], [-6]]);
  assertEquals(rowsOf(g.sumColumns(a)), [[0, 7]]);
  assertEquals(rowsOf(g.total(a)), [[7]]);
  assertEquals(rowsOf(g.largest(a)), [[5], [5], [3], [0]]);
  assertEquals(rowsOf(g.segmentMeans(a, 2)), [[2, 5], [-2, -1.5]]);
  assertEquals(rowsOf(g.repeatRows(m([[1, 2], [3, 4]]), 2)), [[1, 2], [1, 2], [3, 4], [3, 4]]);
  assertEquals(rowsOf(g.unit(m([[3, 4]]))), [[0.6, 0.8]]);
  assertThrows(() => g.segmentMeans(a, 3), RangeError, "segments of 3");
});

Deno.test("shapes change and numbers stay: transpose, reshape, columns, beside", () => {
  fc.assert(
    fc.property(matrices, (a) => {
      assertEquals(g.transpose(g.transpose(a)), a);
      const [rows, n] = a.shape;
      assertEquals(g.reshape(g.reshape(a, [n, rows]), a.shape), a);
      const cut = Math.floor(n / 2);
      if (cut > 0) assertEquals(g.beside(g.columns(a, 0, cut), g.columns(a, cut, n)), a);
    }),
    settings,
  );
  assertThrows(() => g.reshape(m([[1, 2]]), [3, 1]), RangeError, "which has other entries");
  assertThrows(() => g.columns(m([[1, 2]]), 1, 3), RangeError, "columns 1 to 3");
  assertThrows(() => g.beside(m([[1]]), m([[1], [2]])), RangeError, "unequal rows");
});

Deno.test("take and put are adjoint: sum(take(a) b) = sum(a put(b))", () => {
  const cases = matrices.chain((a) =>
    fc.integer({ min: 1, max: 4 }).chain((k) => {
      const count = { minLength: a.shape[0] * k, maxLength: a.shape[0] * k };
      const index = fc.oneof(fc.integer({ min: 0, max: a.shape[1] - 1 }), fc.constant(NONE));
      return fc.tuple(
        fc.array(index, count).map((data) => hostIndices([a.shape[0], k], data)),
        fc.array(fc.integer({ min: -9, max: 9 }), count)
          .map((data) => hostMatrix([a.shape[0], k], data)),
      ).map(([at, b]) => ({ a, at, b }));
    })
  );
  fc.assert(
    fc.property(cases, ({ a, at, b }) => {
      const [taken] = g.total(g.map("multiply", g.take(a, at), b)).data;
      const [put] = g.total(g.map("multiply", a, g.put(b, at, a.shape[1]))).data;
      assertEquals(taken, put);
    }),
    settings,
  );
});

Deno.test("NONE takes 0, puts nothing and looks up zeros; other indices must exist", () => {
  const a = m([[1, 2], [3, 4]]);
  assertEquals(rowsOf(g.take(a, ids([[1, NONE], [NONE, 0]]))), [[2, 0], [0, 3]]);
  assertEquals(rowsOf(g.put(a, ids([[1, 1], [NONE, 0]]), 3)), [[0, 3, 0], [4, 0, 0]]);
  assertEquals(rowsOf(g.lookUp(a, ids([[1], [NONE], [1]]))), [[3, 4], [0, 0], [3, 4]]);
  assertThrows(() => g.take(a, ids([[2], [0]])), RangeError, "Found index 2, wanted");
  assertThrows(() => g.put(a, ids([[0, 3], [0, 0]]), 3), RangeError, "Found index 3, wanted");
  assertThrows(() => g.lookUp(a, ids([[2]])), RangeError, "indices below 2");
});

Deno.test("a matrix has as many numbers as its shape has places", () => {
  assertThrows(() => hostMatrix([2, 2], [1, 2, 3]), RangeError, "of 3 numbers, not 4");
  assertThrows(() => hostMatrix([0, 2], []), RangeError, "must be above 0");
});
