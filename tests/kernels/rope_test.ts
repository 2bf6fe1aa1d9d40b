import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  createRecorder,
  download,
  type Pool,
  type Recorder,
  rope,
  ropeBackward,
  ropeOracle,
  ropeTable,
} from "../../kernels/mod.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";
import { assertSlopes, batch, type Recorded, type StorageCase, storages } from "./slopes.ts";

interface Case {
  rows: number;
  length: number;
  heads: number;
  width: number;
  rotary: number;
  first?: number;
  offset?: number;
  pairing?: "half" | "interleaved";
  base?: number;
}

/** Records a case in both directions, as a new tensor and in place. */
function record(pool: Pool, recorder: Recorder, c: Case & { storage: StorageCase }): Recorded {
  const { rows, length, heads, width, rotary, base, offset = 0, storage } = c;
  const x = storage.host(numbers(JSON.stringify({ ...c, storage: 0 }), rows * heads * width));
  const table = ropeTable(pool, { positions: length + offset, rotary, base });
  const upload = () => pool.upload("x", [rows, heads * width], x);
  const options = { ...c, table };
  const tensors = [
    rope(recorder, upload(), options),
    rope(recorder, upload(), { ...options, inPlace: true }),
    ropeBackward(recorder, upload(), options),
    ropeBackward(recorder, upload(), { ...options, inPlace: true }),
  ];
  return {
    tensors,
    check(values) {
      for (const [i, got] of values.entries()) {
        const wanted = storage.stored(ropeOracle(x, { ...c, back: i > 1 }));
        const what = `${i > 1 ? "back" : "rope"} ${JSON.stringify({ ...c, storage: 0 })}`;
        // A table of f32 has a rounding of its own, which counts against both terms.
        assertClose(got, wanted, { what, tolerance: storage.tolerance });
      }
    },
  };
}

Deno.test("the oracle's way back is the slope of its way forth, and undoes it", () => {
  for (const pairing of ["half", "interleaved"] as const) {
    const c = { rows: 6, length: 3, heads: 2, width: 16, rotary: 8, first: 4, offset: 5, pairing };
    const n = c.rows * c.heads * c.width;
    const [x, dy] = [numbers("x", n), numbers("dy", n)];
    const loss = ({ x }: Record<string, ArrayLike<number>>) =>
      ropeOracle(x, c).values.reduce((sum, y, i) => sum + y * dy[i], 0);
    const gradients = { x: ropeOracle(dy, { ...c, back: true }).values };
    assertSlopes(loss, { x }, { gradients, what: pairing });
    const there = ropeOracle(x, c).values;
    const { values } = ropeOracle(there, { ...c, back: true });
    assertClose(values, { values: Float64Array.from(x), scale: values.map(() => 1) }, {
      what: "there and back",
      tolerance: 1e-12,
    });
  }
});

Deno.test(
  "rope and its gradient are the oracle's, as a new tensor and in place",
  withDevice(async (pool, device) => {
    const shape = fc.record({
      sequences: fc.integer({ min: 1, max: 3 }),
      length: fc.integer({ min: 1, max: 20 }),
      heads: fc.integer({ min: 1, max: 5 }),
      turned: fc.integer({ min: 1, max: 3 }),
      before: fc.integer({ min: 0, max: 2 }),
      after: fc.integer({ min: 0, max: 2 }),
      offset: fc.integer({ min: 0, max: 9 }),
      pairing: fc.constantFrom("half" as const, "interleaved" as const),
      base: fc.constantFrom(undefined, 500_000),
    });
    const random = fc.sample(shape, { seed: 1, numRuns: 12 })
      .map(({ sequences, turned, before, after, ...c }): Case => ({
        ...c,
        rows: sequences * c.length,
        rotary: 8 * turned,
        first: 8 * before,
        width: 8 * (before + turned + after),
      }));
    const edges: Case[] = [
      { rows: 1, length: 1, heads: 1, width: 8, rotary: 8 },
      { rows: 3, length: 3, heads: 2, width: 24, rotary: 8, first: 4, pairing: "interleaved" },
      { rows: 5, length: 5, heads: 1, width: 16, rotary: 16, offset: 20_000 },
    ];
    await batch(
      pool,
      storages(device).flatMap((storage) =>
        [...edges, ...random].map((c) => (r: Recorder) => record(pool, r, { ...c, storage }))
      ),
    );
  }),
);

Deno.test(
  "frequencies and a magnitude of one's own replace those of the base",
  withDevice(async (pool, device) => {
    const angles = { rotary: 8, frequencies: [0.5, 0.25, 0, -1], magnitude: 0.5 };
    const x = numbers("x", 32);
    const table = ropeTable(pool, { positions: 4, ...angles });
    const recorder = createRecorder(pool);
    const options = { heads: 1, length: 4 };
    const y = rope(recorder, pool.upload("x", [4, 8], x), { ...options, table });
    recorder.submit();
    const [got] = await download(device, [y]);
    const wanted = ropeOracle(x, { ...options, ...angles, rows: 4, width: 8 });
    assertClose(got, wanted, { what: "own frequencies" });
    assertEquals(got[8 + 2], 0.5 * x[8 + 2], "a frequency of 0 leaves the direction of its pair");
  }),
);

Deno.test(
  "a rotation that does not fit is refused with what was found and wanted",
  withDevice((pool) => {
    const x = pool.tensor("x", [4, 32]);
    const recorder = createRecorder(pool);
    const table = ropeTable(pool, { positions: 4, rotary: 16 });
    const call =
      (options: { heads: number; length: number; first?: number; offset?: number }) => () =>
        rope(recorder, x, { ...options, table });
    assertThrows(call({ heads: 3, length: 4 }), TypeError, "found 32 columns");
    assertThrows(call({ heads: 4, length: 4 }), TypeError, "columns 0 to 16");
    assertThrows(call({ heads: 1, length: 4, first: 2 }), TypeError, "multiple of 4");
    assertThrows(call({ heads: 1, length: 4, first: 20 }), TypeError, "columns 20 to 36");
    assertThrows(call({ heads: 1, length: 5 }), RangeError, "found 4 in rope table");
    assertThrows(call({ heads: 1, length: 4, offset: 1 }), RangeError, "positions 1 to 5");
    assertThrows(() => ropeTable(pool, { positions: 1, rotary: 12 }), TypeError, "multiple of 8");
    const frequencies = [1];
    assertThrows(
      () => ropeTable(pool, { positions: 1, rotary: 8, frequencies }),
      TypeError,
      "wanted 4",
    );
    recorder.submit();
    return Promise.resolve();
  }),
);
