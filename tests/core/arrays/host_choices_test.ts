import fc from "fast-check";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { type DropOrder, NONE } from "../../../core/arrays/arrays.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { type HostIndices, hostIndices, hostMatrix } from "../../../core/arrays/host_matrix.ts";

const g = hostArrays({ seed: 1 });
const m = (rows: number[][]) => hostMatrix([rows.length, rows[0].length], rows.flat());
const ids = (rows: number[][]) => hostIndices([rows.length, rows[0].length], rows.flat());
const rowsOf = (
  { shape: [rows, n], data }: { shape: HostIndices["shape"]; data: ArrayLike<number> },
) => Array.from({ length: rows }, (_, r) => Array.from({ length: n }, (_, c) => data[r * n + c]));
const settings = { seed: 1, numRuns: 60 };

Deno.test("the k largest come best first, and equal ones by lower index", () => {
  assertEquals(rowsOf(g.topK(m([[1, 3, 3, 2], [0, 0, 0, 0]]), 3)), [[1, 2, 3], [0, 1, 2]]);
  assertThrows(() => g.topK(m([[1, 2]]), 3), RangeError, "Chose 3 of the columns of [1, 2]");
});

Deno.test("where and keep leave NONE for what is not above 0", () => {
  assertEquals(rowsOf(g.where(m([[0, 2], [-1, 1e-9]]))), [[NONE, 1], [NONE, 1]]);
  const kept = g.keep(ids([[4, NONE], [7, 8]]), m([[1, 1], [0, 2]]));
  assertEquals(rowsOf(kept), [[4, NONE], [NONE, 8]]);
  assertThrows(() => g.keep(ids([[1]]), m([[1, 2]])), RangeError, "by a mask [1, 2]");
});

Deno.test("each column chooses exactly as many of every segment, its largest", () => {
  const sizes = fc.record({
    segments: fc.integer({ min: 1, max: 3 }),
    length: fc.integer({ min: 1, max: 6 }),
    columns: fc.integer({ min: 1, max: 4 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(sizes, ({ segments, length, columns, share, seed }) => {
      const count = 1 + Math.floor(share * (length - 1));
      const a = hostArrays({ seed }).noise("a", "normal", [segments * length, columns]);
      const chosen = g.choosePerColumn(a, { count, length });
      const means = g.segmentMeans(chosen, length);
      means.data.forEach((v) => assert(Math.abs(v - count / length) < 1e-12));
      chosen.data.forEach((v, i) => {
        const first = Math.floor(i / columns / length) * length;
        const column = Array.from(
          { length },
          (_, r) => a.data[(first + r) * columns + i % columns],
        );
        const better = column.filter((other) => other > a.data[i]).length;
        assertEquals(v, better < count ? 1 : 0);
      });
    }),
    settings,
  );
  assertThrows(
    () => g.choosePerColumn(m([[1], [2]]), { count: 3, length: 2 }),
    RangeError,
    "Chose 3 of every 2 rows",
  );
});

const limits = fc.record({
  rows: fc.integer({ min: 1, max: 12 }),
  k: fc.integer({ min: 1, max: 3 }),
  experts: fc.integer({ min: 1, max: 4 }),
  capacity: fc.integer({ min: 1, max: 6 }),
  order: fc.constantFrom<DropOrder>("sequence", "priority", "random"),
  seed: fc.nat(),
});

Deno.test("a limit is never exceeded, and an expert that dropped a choice is full", () => {
  fc.assert(
    fc.property(limits, ({ rows, k, experts, capacity, order, seed }) => {
      const h = hostArrays({ seed });
      const wanted = h.randomIds("wanted", [rows, k], experts);
      const priority = h.noise("priority", "uniform", [rows, 1]);
      const kept = h.limit(wanted, { experts, capacity, order, priority, name: "order" });
      const counts = new Uint32Array(experts);
      kept.data.forEach((id, i) => {
        if (id === NONE) return;
        counts[id]++;
        assertEquals(id, wanted.data[i]);
      });
      assert(counts.every((n) => n <= capacity));
      kept.data.forEach((id, i) => {
        if (id === NONE) assertEquals(counts[wanted.data[i]], capacity);
      });
    }),
    settings,
  );
});

Deno.test("first choices of all tokens come before second ones", () => {
  const wanted = ids([[1, 0], [0, 1], [0, 1]]);
  const options = { experts: 2, capacity: 2, order: "sequence", name: "x" } as const;
  assertEquals(rowsOf(g.limit(wanted, options)), [[1, NONE], [0, 1], [0, NONE]]);
});

Deno.test("priority keeps the rows it prefers, and the random order is one of its name and step", () => {
  const wanted = ids([[0], [0], [0], [0]]);
  const limit = { experts: 1, capacity: 2 };
  const priority = m([[1], [4], [2], [3]]);
  const kept = g.limit(wanted, { ...limit, order: "priority", priority, name: "x" });
  assertEquals(rowsOf(kept), [[NONE], [0], [NONE], [0]]);
  const many = g.affine(g.randomIds("many", [64, 1], 1), {});
  const drawn = (name: string, step: number) =>
    hostArrays({ seed: 1, step })
      .limit(many, { experts: 1, capacity: 32, order: "random", name });
  assertEquals(drawn("x", 0), drawn("x", 0));
  assertNotEquals(drawn("x", 0), drawn("y", 0));
  assertNotEquals(drawn("x", 0), drawn("x", 1));
  assertThrows(
    () => g.limit(wanted, { ...limit, order: "priority", name: "x" }),
    RangeError,
    "by priority of no rows",
  );
});

Deno.test("indices: affine, beside, repeated, looked up; NONE stays what it is", () => {
  const a = ids([[1, NONE], [2, 3]]);
  assertEquals(rowsOf(g.affine(a, { times: 3, plus: 1 })), [[4, NONE], [7, 10]]);
  assertEquals(rowsOf(g.affine(a, { plus: ids([[5, 5], [6, 2 ** 32 - 3]]) })), [[6, NONE], [8, 0]]);
  assertEquals(rowsOf(g.idsBeside(a, ids([[8], [9]]))), [[1, NONE, 8], [2, 3, 9]]);
  assertEquals(rowsOf(g.repeatIds(a, 2)), [[1, NONE], [1, NONE], [2, 3], [2, 3]]);
  const table = ids([[10], [11], [12], [NONE]]);
  assertEquals(rowsOf(g.lookUpIds(table, a)), [[11, NONE], [12, NONE]]);
  assertThrows(() => g.lookUpIds(table, ids([[4]])), RangeError, "index 4 in a table of 4");
});

Deno.test("a hash is a function of its indices, their order and its seed", () => {
  const [a, b] = [ids([[1], [2], [1], [NONE]]), ids([[2], [1], [2], [0]])];
  const at = (of: HostIndices[], seed: number) => g.hash(of, { buckets: 1 << 20, seed }).data;
  const hashed = at([a, b], 1);
  assertEquals(hashed[0], hashed[2]);
  assertNotEquals(hashed[0], hashed[1]);
  assertNotEquals(hashed[0], at([a, b], 2)[0]);
  assertNotEquals(hashed[0], at([a], 1)[0]);
  assertEquals(hashed[3], NONE);
});

Deno.test("random indices lie below their bound and differ by step; names stand for one shape", () => {
  const drawn = g.randomIds("drawn", [100, 2], 5);
  assert(drawn.data.every((id) => id < 5));
  assertEquals(new Set(drawn.data).size, 5);
  assertNotEquals(drawn, hostArrays({ seed: 1, step: 1 }).randomIds("drawn", [100, 2], 5));
  const made = () => g.constant("pair", [1, 2], () => [1, 2]);
  assertEquals(made(), made());
  assertThrows(() => g.constant("pair", [2, 1], () => [1, 2]), RangeError, "was [1, 2] before");
});
