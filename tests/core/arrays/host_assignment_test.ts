import fc from "fast-check";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { type HostMatrix, hostMatrix } from "../../../core/arrays/host_matrix.ts";

const g = hostArrays({ seed: 1 });
const totalOf = (a: HostMatrix, at: ArrayLike<number>) =>
  Array.from({ length: a.shape[0] }, (_, r) => a.data[r * a.shape[1] + at[r]])
    .reduce((x, y) => x + y, 0);

/** The largest total of all assignments with these loads, by trying them all. */
function bestTotal(a: HostMatrix): number {
  const [rows, columns] = a.shape;
  const [whole, extras] = [Math.floor(rows / columns), rows % columns];
  const loads = new Array(columns).fill(0);
  const from = (row: number): number => {
    if (row === rows) return 0;
    let best = -Infinity;
    for (let c = 0; c < columns; c++) {
      const above = loads.filter((n) => n > whole).length;
      if (loads[c] > whole || (loads[c] === whole && above >= extras)) continue;
      loads[c]++;
      best = Math.max(best, a.data[row * columns + c] + from(row + 1));
      loads[c]--;
    }
    return best;
  };
  return from(0);
}

/** Rows in order take the best column that has room for them. */
function greedyTotal(a: HostMatrix): number {
  const [rows, columns] = a.shape;
  const loads = new Array(columns).fill(0);
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    const free = loads.map((_, c) => c).filter((c) => loads[c] < rows / columns);
    const best = free.reduce((x, y) => a.data[r * columns + y] > a.data[r * columns + x] ? y : x);
    loads[best]++;
    sum += a.data[r * columns + best];
  }
  return sum;
}

Deno.test("two rows that want one column: the one that loses less goes elsewhere", () => {
  const a = hostMatrix([2, 2], [10, 9, 8, 1]);
  assertEquals([...g.assignEqually(a).data], [1, 0]);
});

Deno.test("the place for one row more goes to the column that has most use for it", () => {
  const rows = [[10, 0, 9], [10, 0, 9], [0, 10, -50], [0, 10, -50]];
  assertEquals([...g.assignEqually(hostMatrix([4, 3], rows.flat())).data], [2, 0, 1, 1]);
});

Deno.test("loads are equal but for one row, and the total is the largest there is", () => {
  const cases = fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 3 }))
    .chain(([rows, columns]) => {
      const entry = fc.oneof(fc.constantFrom(-50, 0, 9, 10), fc.integer({ min: -20, max: 20 }));
      const count = { minLength: rows * columns, maxLength: rows * columns };
      return fc.array(entry, count).map((data) => hostMatrix([rows, columns], data));
    });
  fc.assert(
    fc.property(cases, (a) => {
      const [rows, columns] = a.shape;
      const at = g.assignEqually(a).data;
      const loads = new Uint32Array(columns);
      at.forEach((c) => loads[c]++);
      assert(Math.max(...loads) - Math.min(...loads) <= (rows % columns === 0 ? 0 : 1));
      assertAlmostEquals(totalOf(a, at), bestTotal(a), 1e-9);
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("a batch: loads are equal and the total is not below that of greedy choices", () => {
  const a = g.noise("batch", "normal", [256, 8]);
  const at = g.assignEqually(a).data;
  const loads = new Uint32Array(8);
  at.forEach((c) => loads[c]++);
  assertEquals([...loads], new Array(8).fill(32));
  assert(totalOf(a, at) > greedyTotal(a));
});
