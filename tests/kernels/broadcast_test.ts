/** Pointwise functions that stretch, and sums: what is launched, where results lie, what is refused. */
import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { broadcast, broadcastBackward } from "../../kernels/broadcast/broadcast.ts";
import { stretchedShape } from "../../kernels/broadcast/operands.ts";
import { columnTotals, matrixTotal, rowTotals, sumsTo } from "../../kernels/broadcast/sums.ts";
import { layoutOf, padded } from "../../kernels/layout.ts";
import { createRecorder, type Recorder } from "../../kernels/recorder.ts";
import { download, type Tensor } from "../../kernels/tensor.ts";
import { assertClose, numbers, poisoned, withDevice } from "./compare.ts";

/** A matrix with the padding of its columns, as a vector. */
const raw = (t: Tensor): Tensor => ({ ...t, shape: [t.shape[0] * t.pitch] });
const rawOf = (shape: readonly number[], data: Float32Array) =>
  padded(shape, data).subarray(0, shape[0] * layoutOf(shape).pitch);

Deno.test("operands stretch where they have one row or one column, and nowhere else", () => {
  const side = fc.integer({ min: 1, max: 50 });
  fc.assert(
    fc.property(side, side, fc.boolean(), fc.boolean(), (rows, columns, row, column) => {
      const other = [row ? 1 : rows, column ? 1 : columns];
      assertEquals(stretchedShape("f", [[rows, columns], other]), [rows, columns]);
    }),
    { seed: 1, numRuns: 50 },
  );
  assertEquals(stretchedShape("f", [[3, 1], [1, 4]]), [3, 4]);
  assertThrows(
    () => stretchedShape("f", [[3, 4], [2, 4]]),
    RangeError,
    "Cannot stretch [2, 4] in f: wanted 1 or 3 rows, 1 or 4 columns",
  );
});

/** Counts launches by label. */
function counting(recorder: Recorder): { recorder: Recorder; labels: string[] } {
  const labels: string[] = [];
  const launch: Recorder["launch"] = (one) => {
    labels.push(one.label);
    recorder.launch(one);
  };
  return { recorder: { ...recorder, launch }, labels };
}

Deno.test(
  "padding stays 0 where the function of 0 is none, and a number of the host takes part",
  withDevice(async (pool, device) => {
    const shape = [67, 13];
    const x = numbers("x", 67 * 13);
    const tx = poisoned(pool, "x", shape, x);
    const of = { wgsl: "exp(a) + shift", slopes: ["y - shift"] };
    const recorder = createRecorder(pool);
    const options = { of, values: { shift: 2 }, label: "exp plus" };
    const y = broadcast(recorder, [tx], options);
    const [dx] = broadcastBackward(recorder, y, {
      ...options,
      ...{ operands: [tx], y, wanted: [0], label: "exp plus backward" },
    });
    recorder.submit();
    const [gotY, gotDx] = await download(device, [raw(y), raw(dx)]);
    const values = Float64Array.from(x, (v) => Math.exp(v) + 2);
    const check = (got: Float32Array, wanted: Float64Array, what: string) => {
      const all = Float64Array.from(rawOf(shape, Float32Array.from(wanted)));
      assertClose(got, { values: all, scale: all }, { what });
    };
    check(gotY, values, "exp plus");
    check(gotDx, values.map((v) => v * (v - 2)), "its slope");
  }),
);

Deno.test(
  "a slope of 1 is summed as it arrives, and what nobody wants is not made",
  withDevice(async (pool, device) => {
    const of = { wgsl: "a + b * c", slopes: ["1.0", "c", "b"] };
    const { recorder, labels } = counting(createRecorder(pool));
    const up = (name: string, shape: number[]) =>
      pool.upload(name, shape, numbers(name, shape[0] * shape[1]));
    const operands = [up("a", [1, 5]), up("b", [9, 1]), up("c", [9, 5])];
    const dy = up("dy", [9, 5]);
    const back = (wanted: number[]) => {
      labels.length = 0;
      const label = "f";
      return broadcastBackward(recorder, dy, { of, operands, y: dy, wanted, label });
    };
    const [da] = back([0]);
    assertEquals(labels, ["f sums"]);
    const [dc, db] = back([2, 1]);
    assertEquals(labels, ["f", "f sums"]);
    assertEquals(back([]), []);
    assertEquals(labels, []);
    recorder.submit();
    assertEquals([da, db, dc].map((t) => t.shape), [[1, 5], [9, 1], [9, 5]]);
    const got = await download(device, [da, db, dc]);
    const [b, c, g] = [numbers("b", 9), numbers("c", 45), numbers("dy", 45)];
    const near = (i: number, wanted: (at: number) => number) =>
      got[i].forEach((v, at) => assert(Math.abs(v - wanted(at)) < 1e-5, `${i}: ${v} at ${at}`));
    const over = (n: number, term: (j: number) => number) =>
      Array.from({ length: n }, (_, j) => term(j)).reduce((sum, v) => sum + v, 0);
    near(0, (column) => over(9, (row) => g[5 * row + column]));
    near(1, (row) => over(5, (column) => g[5 * row + column] * c[5 * row + column]));
    near(2, (at) => g[at] * b[Math.floor(at / 5)]);
  }),
);

Deno.test(
  "sums are the same bit by bit each time, and lie in matrices with zeros beside them",
  withDevice(async (pool, device) => {
    const shape = [150, 11];
    const x = numbers("x", 150 * 11, 3);
    const tx = poisoned(pool, "x", shape, x);
    const recorder = createRecorder(pool);
    const record = () => [
      rowTotals(recorder, tx, { kind: "sum" }),
      rowTotals(recorder, tx, { kind: "log-sum-exp" }),
      columnTotals(recorder, tx),
      matrixTotal(recorder, tx),
    ];
    const [first, second] = [record(), record()];
    recorder.submit();
    const got = await download(device, [...first, ...second].map(raw));
    assertEquals(got.slice(0, 4), got.slice(4));
    const row = (i: number) => x.subarray(11 * i, 11 * i + 11);
    const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);
    const size = (values: Float32Array) => values.reduce((a, b) => a + Math.abs(b), 0);
    const rows = Array.from({ length: 150 }, (_, i) => row(i));
    const columns = Array.from({ length: 11 }, (_, c) => x.filter((_, i) => i % 11 === c));
    const lse = (v: Float32Array) => Math.log(v.reduce((a, b) => a + Math.exp(b), 0));
    const wanted: [number[], number[], number[]][] = [
      [[150, 1], rows.map(sum), rows.map(size)],
      [[150, 1], rows.map(lse), rows.map(size)],
      [[1, 11], columns.map(sum), columns.map(size)],
      [[1, 1], [sum(x)], [size(x)]],
    ];
    wanted.forEach(([shape, values, scale], i) => {
      const all = (v: number[]) => Float64Array.from(rawOf(shape, Float32Array.from(v)));
      assertClose(got[i], { values: all(values), scale: all(scale) }, { what: `sum ${i}` });
    });
  }),
);

Deno.test(
  "indices and other shapes are refused",
  withDevice(async (pool, device) => {
    const recorder = createRecorder(pool);
    const x = pool.upload("x", [4, 5], new Float32Array(20));
    const ids = pool.upload("ids", [4, 5], new Uint32Array(20));
    const of = { wgsl: "a", slopes: ["1.0"] };
    assertThrows(
      () => broadcast(recorder, [ids], { of, label: "same" }),
      RangeError,
      "Cannot make same of ids: found u32, wanted f32",
    );
    assertThrows(
      () => sumsTo(recorder, x, { shape: [2, 5] }),
      RangeError,
      "Cannot sum x [4, 5] to [2, 5]: wanted [4, 1], [1, 5] or [1, 1]",
    );
    recorder.submit();
    await download(device, [x]);
  }),
);
