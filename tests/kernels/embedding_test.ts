import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { split } from "../../kernels/base/random.ts";
import { embed, embedBackward } from "../../kernels/embedding/embedding.ts";
import { embedBackwardOracle, embedOracle } from "../../kernels/embedding/oracle.ts";
import { sortKeys } from "../../kernels/embedding/sort.ts";
import type { Scaled } from "../../kernels/gemm/oracle.ts";
import { createRecorder, type Recorder } from "../../kernels/recorder.ts";
import { download, type Pool } from "../../kernels/tensor.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";
import { assertSlopes, batch, type Recorded, type StorageCase, storages } from "./slopes.ts";

/** Ids of which `share` are one and the same, so that runs cross several chunks. */
function idsOf(tokens: number, vocabulary: number, share: number): Uint32Array {
  const stream = split(1, `ids ${tokens}x${vocabulary}`);
  const common = stream.int(0, vocabulary - 1);
  return Uint32Array.from(
    { length: tokens },
    () => stream.uniform() < share ? common : stream.int(0, vocabulary - 1),
  );
}

Deno.test("the gradient of the embedding oracle is the slope of its forward", () => {
  const [t, v, d] = [6, 4, 3];
  const ids = idsOf(t, v, 0.3);
  const [table, dy] = [numbers("table", v * d), numbers("dy", t * d)];
  const loss = (p: { table: ArrayLike<number> }) =>
    embedOracle(p.table, { ids, d }).reduce((s, y, i) => s + y * dy[i], 0);
  const { values } = embedBackwardOracle(dy, { ids, d, vocabulary: v });
  assertSlopes(loss, { table }, { gradients: { table: values }, what: "embedding" });
});

Deno.test(
  "keys are sorted and equal ones keep their order, for bounds from 1 to above 2^16",
  withDevice(async (pool) => {
    const cases = [[1, 1], [65, 2], [500, 100], [3000, 151_936], [70, 70]];
    await batch(
      pool,
      cases.map(([n, bound]) => (recorder) => {
        const keys = idsOf(n, bound, 0.1);
        const sorted = sortKeys(recorder, pool.upload("keys", [n], keys), { bound });
        return {
          tensors: [sorted.keys, sorted.order],
          check([gotKeys, gotOrder]) {
            const order = Array.from(keys, (_, i) => i).sort((a, b) => keys[a] - keys[b] || a - b);
            assertEquals([...gotOrder], order, `${n} below ${bound}`);
            assertEquals([...gotKeys], order.map((i) => keys[i]));
          },
        };
      }),
    );
  }),
);

interface Case {
  t: number;
  v: number;
  d: number;
  share: number;
  accumulate: boolean;
}

function embeddingCase(pool: Pool, c: Case, storage: StorageCase) {
  return (recorder: Recorder): Recorded => {
    const { t, v, d, share, accumulate } = c;
    const ids = idsOf(t, v, share);
    const table = storage.host(numbers(`table${v}x${d}`, v * d));
    const dy = storage.host(numbers(`dy${t}x${d}`, t * d));
    const held = numbers(`held${v}x${d}`, v * d);
    const tids = pool.upload("ids", [t], ids);
    const y = embed(recorder, pool.upload("table", [v, d], table), { ids: tids });
    const dtable = embedBackward(recorder, pool.upload("dy", [t, d], dy), {
      ids: tids,
      vocabulary: v,
      into: accumulate ? pool.upload("held", [v, d], held) : undefined,
      accumulate,
    });
    const into = accumulate ? held : undefined;
    const wanted: Scaled = embedBackwardOracle(dy, { ids, d, vocabulary: v, into });
    return {
      tensors: [y, dtable],
      check([gotY, gotDtable]) {
        const what = `embedding ${t}x${v}x${d}`;
        assertEquals(Float64Array.from(gotY), embedOracle(table, { ids, d }), what);
        assertClose(gotDtable, wanted, { what, tolerance: 1e-6 });
        if (!accumulate) {
          const absent = wanted.scale.every((s, i) => s > 0 || gotDtable[i] === 0);
          assert(absent, `${what}: an absent token has a gradient`);
        }
      },
    };
  };
}

Deno.test(
  "embeddings and their gradients are those of the oracle, for runs within and across chunks",
  withDevice(async (pool, device) => {
    const shape = fc.record({
      t: fc.integer({ min: 1, max: 300 }),
      v: fc.integer({ min: 1, max: 200 }),
      d: fc.integer({ min: 1, max: 40 }),
      share: fc.constantFrom(0, 0.5, 1),
      accumulate: fc.boolean(),
    });
    const edges = [
      { t: 1, v: 1, d: 1, share: 0, accumulate: false },
      { t: 32, v: 5, d: 3, share: 1, accumulate: false },
      { t: 33, v: 5, d: 3, share: 1, accumulate: true },
      { t: 1024, v: 3, d: 9, share: 0.5, accumulate: false },
      { t: 100, v: 70_000, d: 4, share: 0.2, accumulate: false },
    ];
    const cases = [...fc.sample(shape, { seed: 1, numRuns: 24 }), ...edges];
    for (const storage of storages(device)) {
      await batch(pool, cases.slice(0, 24).map((c) => embeddingCase(pool, c, storage)));
    }
    await batch(pool, edges.map((c) => embeddingCase(pool, c, storages(device)[0])));
  }),
);

Deno.test(
  "the gradient of an embedding has the same bits each time, and wants something to add to",
  withDevice(async (pool, device) => {
    const [t, v, d] = [700, 11, 8];
    const ids = pool.upload("ids", [t], idsOf(t, v, 0.4));
    const dy = pool.upload("dy", [t, d], numbers("dy", t * d));
    const recorder = createRecorder(pool);
    const runs = [0, 1].map(() => embedBackward(recorder, dy, { ids, vocabulary: v }));
    recorder.submit();
    const [a, b] = await download(device, runs);
    assertEquals(a, b);
    assertThrows(
      () => embedBackward(recorder, dy, { ids, vocabulary: v, accumulate: true }),
      RangeError,
      'wanted "into"',
    );
  }),
);

Deno.test(
  "a table in parts gives the rows of the whole one",
  withDevice(async (pool, device) => {
    const [v, d, t] = [21, 12, 30];
    const table = numbers("table", v * d);
    const host = idsOf(t, v, 0.2);
    const ids = pool.upload("ids", [t], host);
    const recorder = createRecorder(pool);
    const into = pool.tensor("y", [t, d]);
    const cuts = [0, 8, 16, v];
    cuts.slice(1).forEach((end, i) => {
      const [first, rows] = [cuts[i], end - cuts[i]];
      const part = pool.upload("part", [rows, d], table.slice(first * d, end * d));
      embed(recorder, part, { ids, first, into });
    });
    recorder.submit();
    const [got] = await download(device, [into]);
    assertEquals([...got], [...embedOracle(table, { ids: host, d })]);
  }),
);
