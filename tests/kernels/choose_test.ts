/** Choices over random matrices, against what sorting and counting give. */
import fc from "fast-check";
import { assertEquals, assertThrows } from "@std/assert";
import { split } from "../../kernels/base/random.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { assignEqually } from "../../kernels/choose/assign.ts";
import { limitChoices } from "../../kernels/choose/limit.ts";
import { choosePerColumn } from "../../kernels/choose/per_column.ts";
import { putEntries } from "../../kernels/choose/put.ts";
import { topIds } from "../../kernels/choose/top_ids.ts";
import { NO_ID } from "../../kernels/elements/elements.ts";
import { createRecorder, type Recorder } from "../../kernels/recorder.ts";
import { download, type Pool, type Tensor } from "../../kernels/tensor.ts";
import { withDevice } from "./compare.ts";

/** Few different numbers, so that many are equal; some are none. */
function tied(name: string, n: number): Float32Array {
  const stream = split(2, name);
  return Float32Array.from({ length: n }, () => {
    const v = stream.int(-3, 4);
    return v === 4 ? NaN : v === 0 && stream.uniform() < 0.5 ? -0 : v / 4;
  });
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
/** 0..n-1 from the largest value to the smallest, none last, equal ones in order. */
const ranked = (n: number, value: (i: number) => number) => {
  const key = (i: number) => Number.isNaN(value(i)) ? -Infinity : value(i);
  return range(n).sort((i, j) => key(j) === key(i) ? i - j : key(j) - key(i));
};

interface Checked {
  tensor: Tensor;
  wanted: number[];
  what: string;
}

/** Records all, reads all, compares all. */
async function check(pool: Pool, record: (recorder: Recorder) => Checked[]): Promise<void> {
  const recorder = createRecorder(pool);
  const made = record(recorder);
  recorder.submit();
  const values = await download(pool.device, made.map(({ tensor }) => tensor));
  made.forEach(({ tensor, wanted, what }, i) => {
    const got = tensor.dtype === "u32" ? new Uint32Array(values[i].buffer) : values[i];
    assertEquals([...got], wanted, what);
  });
}

const drawn = <A>(one: fc.Arbitrary<A>, numRuns = 15) => fc.sample(one, { seed: 1, numRuns });
const int = (min: number, max: number) => fc.integer({ min, max });

Deno.test(
  "the largest of each row in order, also more than one pass finds",
  withDevice(async (pool) => {
    const cases = drawn(fc.tuple(int(1, 90), int(1, 40), int(1, 40)));
    await check(pool, (recorder) =>
      cases.map(([rows, columns, most]) => {
        const k = Math.min(columns, most);
        const x = tied(`top ${rows} ${columns}`, rows * columns);
        return {
          tensor: topIds(recorder, pool.upload("x", [rows, columns], x), { k }),
          wanted: range(rows).flatMap((r) =>
            ranked(columns, (c) => x[r * columns + c]).slice(0, k)
          ),
          what: `${k} of [${rows}, ${columns}]`,
        };
      }));
  }),
);

Deno.test(
  "each column takes its best rows of every segment",
  withDevice(async (pool) => {
    const cases = drawn(fc.tuple(int(1, 5), int(1, 20), int(1, 30), int(1, 30)));
    await check(pool, (recorder) =>
      cases.map(([segments, columns, length, most]) => {
        const count = Math.min(most, length);
        const rows = segments * length;
        // None counts as the smallest number here too.
        const x = tied(`columns ${rows} ${columns}`, rows * columns);
        const wanted: number[] = Array(rows * columns).fill(0);
        for (const s of range(segments)) {
          for (const c of range(columns)) {
            const at = (i: number) => (s * length + i) * columns + c;
            for (const i of ranked(length, (i) => x[at(i)]).slice(0, count)) wanted[at(i)] = 1;
          }
        }
        const tensor = choosePerColumn(recorder, pool.upload("x", [rows, columns], x), {
          count,
          length,
        });
        return { tensor, wanted, what: `${count} of ${length}, [${rows}, ${columns}]` };
      }));
  }),
);

function idsOf(name: string, n: number, experts: number): Uint32Array {
  const stream = split(4, name);
  return Uint32Array.from({ length: n }, () => {
    const id = stream.int(0, experts);
    return id === experts ? NO_ID : id;
  });
}

Deno.test(
  "choices are kept in the order of the line until an expert is full",
  withDevice(async (pool) => {
    const cases = drawn(fc.tuple(int(1, 150), int(1, 4), int(1, 12), int(1, 40), fc.boolean()));
    await check(pool, (recorder) =>
      cases.map(([rows, k, experts, capacity, ordered]) => {
        const ids = idsOf(`limit ${rows} ${k}`, rows * k, experts);
        const stream = split(4, `keys ${rows}`);
        const keys = Uint32Array.from({ length: rows }, () => ordered ? stream.int(0, 9) : 0);
        const taken: number[] = Array(experts).fill(0);
        const wanted: number[] = Array(rows * k).fill(NO_ID);
        const order = ranked(rows, (t) => -keys[t]);
        for (const at of range(k).flatMap((choice) => order.map((t) => t * k + choice))) {
          if (ids[at] !== NO_ID && taken[ids[at]]++ < capacity) wanted[at] = ids[at];
        }
        const tensor = limitChoices(recorder, pool.upload("ids", [rows * k], ids), {
          ...{ rows, experts, capacity },
          ...ordered && { keys: pool.upload("keys", [rows], keys) },
        });
        return { tensor, wanted, what: `${capacity} places, ${[rows, k, experts, ordered]}` };
      }));
  }),
);

Deno.test(
  "entries are added where ids say, in order, onto what is there",
  withDevice(async (pool) => {
    const cases = drawn(fc.tuple(int(1, 90), int(1, 9), int(1, 30), fc.boolean()));
    await check(pool, (recorder) =>
      cases.map(([rows, k, columns, adds]) => {
        const stream = split(6, `put ${rows} ${k}`);
        const x = Float32Array.from({ length: rows * k }, () => stream.int(-8, 8));
        const ids = idsOf(`put ${rows} ${k} ${columns}`, rows * k, columns);
        const wanted: number[] = Array(rows * columns).fill(adds ? 100 : 0);
        ids.forEach((id, i) => {
          if (id !== NO_ID) wanted[Math.floor(i / k) * columns + id] += x[i];
        });
        const shape = [rows, columns];
        const into = pool.upload("into", shape, new Float32Array(rows * columns).fill(100));
        const tensor = putEntries(recorder, pool.upload("x", [rows, k], x), {
          ...{ ids: pool.upload("ids", [rows * k], ids), columns },
          ...adds && { into },
        });
        return { tensor, wanted, what: `put ${[rows, k, columns, adds]}` };
      }));
  }),
);

Deno.test(
  "what cannot be chosen is refused",
  withDevice(async (pool, device) => {
    const recorder = createRecorder(pool);
    const x = pool.upload("x", [4, 3], new Float32Array(12));
    const ids = pool.upload("ids", [6], new Uint32Array(6));
    const wide = pool.upload("wide", [1, 257], new Float32Array(257));
    assertThrows(() => topIds(recorder, x, { k: 4 }), RangeError, "Cannot choose 4 of 3 columns");
    assertThrows(
      () => choosePerColumn(recorder, x, { count: 1, length: 3 }),
      RangeError,
      "Cannot choose 1 of every 3 of 4 rows",
    );
    assertThrows(
      () => limitChoices(recorder, ids, { rows: 4, experts: 2, capacity: 1 }),
      RangeError,
      "Cannot limit 6 choices of 4 rows",
    );
    assertThrows(
      () => putEntries(recorder, x, { ids, columns: 3 }),
      RangeError,
      "Cannot put x [4, 3]: found 6 ids, wanted 12",
    );
    assertThrows(() => assignEqually(recorder, wide), UserError, "wanted at most 256");
    recorder.submit();
    await download(device, [x]);
  }),
);
