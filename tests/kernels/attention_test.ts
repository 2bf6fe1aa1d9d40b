import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  attention,
  attentionBackward,
  attentionBackwardOracle,
  type AttentionInputs,
  type AttentionOptions,
  attentionOracle,
  createPool,
  createRecorder,
  type Device,
  download,
  type Recorder,
  requirementsOf,
  storagePrelude,
} from "../../kernels/mod.ts";
import { attentionShader } from "../../kernels/attention/launch.ts";
import { attentionTile, exchangeOf } from "../../kernels/attention/tile.ts";
import { type Case, type Inputs, record, soil } from "./attention_cases.ts";
import { numbers, withDevice } from "./compare.ts";
import { assertSlopes, batch, storages } from "./slopes.ts";

Deno.test("the oracle's gradients are the slopes of its output", () => {
  const shapes: Case[] = [
    { sequences: 2, length: 5, heads: 2, kvHeads: 1, dqk: 3, dv: 2, sinks: true },
    { sequences: 1, length: 6, heads: 1, dqk: 2, dv: 3, window: 3, scale: 0.7 },
    { sequences: 1, length: 4, heads: 2, dqk: 2, dv: 2, causal: false, sinks: true },
    { sequences: 3, length: 1, heads: 1, dqk: 2, dv: 2 },
  ];
  for (const c of shapes) {
    const { sequences, length, heads, kvHeads = heads, dqk, dv } = c;
    const tokens = sequences * length;
    const parts: Inputs & AttentionInputs = {
      q: numbers("q", tokens * heads * dqk),
      k: numbers("k", tokens * kvHeads * dqk),
      v: numbers("v", tokens * kvHeads * dv),
      ...(c.sinks ? { sink: numbers("sink", heads) } : {}),
    };
    const grad = numbers("grad", tokens * heads * dv);
    const g = { ...c, tokens };
    const loss = (x: Inputs) =>
      attentionOracle(x as Inputs & AttentionInputs, g).o.values.reduce(
        (sum, o, i) => sum + o * grad[i],
        0,
      );
    const { dq, dk, dv: dValues, dsink } = attentionBackwardOracle({ ...parts, grad }, g);
    const gradients: Inputs = {
      q: dq.values,
      k: dk.values,
      v: dValues.values,
      ...(c.sinks ? { sink: dsink.values } : {}),
    };
    assertSlopes(loss, parts, { gradients, what: JSON.stringify(c) });
  }
});

Deno.test(
  "attention and its gradients are the oracle's over sequences, heads, windows and sinks",
  withDevice(async (pool, device) => {
    const shape = fc.record({
      sequences: fc.integer({ min: 1, max: 3 }),
      length: fc.integer({ min: 1, max: 50 }),
      kvHeads: fc.integer({ min: 1, max: 2 }),
      group: fc.integer({ min: 1, max: 3 }),
      window: fc.option(fc.integer({ min: 1, max: 80 }), { nil: undefined }),
      sinks: fc.boolean(),
      scale: fc.option(fc.double({ min: 0.1, max: 2, noNaN: true }), { nil: undefined }),
    });
    const random = fc.sample(shape, { seed: 1, numRuns: 9 })
      .map(({ group, ...c }): Case => ({ ...c, heads: group * c.kvHeads, dqk: 8, dv: 16 }));
    const edges: Case[] = [
      { sequences: 1, length: 1, heads: 1, dqk: 8, dv: 16, sinks: true },
      { sequences: 2, length: 33, heads: 2, dqk: 8, dv: 16, window: 1 },
      {
        sequences: 2,
        length: 37,
        heads: 2,
        kvHeads: 1,
        dqk: 8,
        dv: 16,
        causal: false,
        sinks: true,
      },
      { sequences: 1, length: 64, heads: 1, dqk: 8, dv: 16, spread: 5, scale: 1 },
      { sequences: 1, length: 150, heads: 2, kvHeads: 1, dqk: 8, dv: 16, window: 40, sinks: true },
    ];
    soil(pool);
    await batch(
      pool,
      storages(device).flatMap((storage) =>
        [...edges, ...random].map((c) => (r: Recorder) => record(pool, r, { ...c, storage }))
      ),
    );
  }),
);

Deno.test(
  "rows that are exchanged through workgroup memory give the oracle's values",
  withDevice(async (pool, device) => {
    const [storage] = storages(device);
    const cases: Case[] = [
      { sequences: 2, length: 70, heads: 2, kvHeads: 1, dqk: 8, dv: 16, sinks: true },
      { sequences: 1, length: 131, heads: 1, dqk: 8, dv: 16, window: 50 },
    ];
    soil(pool);
    await batch(
      pool,
      cases.map((c) => (r) => record(pool, r, { ...c, exchange: "workgroup", storage })),
    );
  }),
);

Deno.test(
  "widths that are no power of two, and wider queries than values",
  withDevice(async (pool, device) => {
    const [storage] = storages(device);
    const cases: Case[] = [
      { sequences: 1, length: 130, heads: 2, kvHeads: 1, dqk: 96, dv: 40 },
      { sequences: 1, length: 35, heads: 1, dqk: 192, dv: 128, forwardOnly: true },
    ];
    soil(pool);
    await batch(pool, cases.map((c) => (r) => record(pool, r, { ...c, storage })));
  }),
);

Deno.test(
  "more workgroups than one dimension of a grid holds: a lone token gives its value",
  withDevice(async (pool, device) => {
    const tokens = 70_000;
    const x = numbers("x", tokens * 16);
    const v = pool.upload("v", [tokens, 16], x);
    const q = pool.upload("q", [tokens, 8], x.subarray(0, tokens * 8));
    const recorder = createRecorder(pool);
    const options = { length: 1, heads: 1 };
    const { o, lse } = attention(recorder, { q, k: q, v }, options);
    const all = { q, k: q, v, o, lse, grad: v };
    const { dq, dv } = attentionBackward(recorder, all, options);
    recorder.submit();
    const [got, ofQueries, ofValues] = await download(device, [o, dq, dv]);
    const furthest = (values: Float32Array, from: (i: number) => number) =>
      values.reduce((most, v, i) => Math.max(most, Math.abs(v - from(i))), 0);
    assertLessOrEqual(furthest(got, (i) => x[i]), 1e-5);
    assertLessOrEqual(furthest(ofValues, (i) => x[i]), 1e-5);
    assertLessOrEqual(furthest(ofQueries, () => 0), 1e-4);
  }),
);

Deno.test(
  "the same input gives the same bits",
  withDevice(async (pool, device) => {
    const [tokens, heads] = [90, 2];
    const tensor = (name: string, d: number) =>
      pool.upload(name, [tokens, heads * d], numbers(name, tokens * heads * d));
    const [q, k] = [tensor("q", 8), tensor("k", 8)];
    const [v, grad] = [tensor("v", 16), tensor("grad", 16)];
    const sink = pool.upload("sink", [heads], numbers("sink", heads));
    const options = { length: 45, heads, sink };
    const recorder = createRecorder(pool);
    const run = () => {
      const { o, lse } = attention(recorder, { q, k, v }, options);
      const back = attentionBackward(recorder, { q, k, v, o, lse, grad }, options);
      return [o, lse, back.dq, back.dk, back.dv, back.dsink!];
    };
    const both = [run(), run()];
    recorder.submit();
    const values = await download(device, both.flat());
    assertEquals(values.slice(6), values.slice(0, 6));
  }),
);

/** The most that both directions hold at once, sequences of some length. */
async function peak(device: Device, length: number): Promise<number> {
  const pool = createPool(device);
  const heads = 2;
  const tensor = (d: number) =>
    pool.upload("x", [length, heads * d], new Float32Array(length * heads * d));
  const [q, k, v, grad] = [tensor(8), tensor(8), tensor(16), tensor(16)];
  const recorder = createRecorder(pool);
  const { o, lse } = attention(recorder, { q, k, v }, { length, heads });
  attentionBackward(recorder, { q, k, v, o, lse, grad }, { length, heads });
  await recorder.finish();
  const bytes = pool.bytes().peak;
  pool.trim();
  return bytes;
}

Deno.test(
  "memory grows with the length, not with its square",
  withDevice(async (_, device) => {
    const [half, whole] = [await peak(device, 1024), await peak(device, 2048)];
    assertLessOrEqual(whole - half, 1.05 * half);
  }),
);

Deno.test("every kernel fits the smallest limits of WebGPU", () => {
  const device = { adapter: { software: true }, subgroupSize: 16 } as Device;
  for (const kernel of ["forward", "dq", "dkv"] as const) {
    for (const [dqk, dv] of [[8, 8], [64, 64], [192, 128], [256, 256]]) {
      for (const exchange of ["subgroup", "workgroup"] as const) {
        const tile = attentionTile(device, kernel, { dqk, dv, exchange, source: "buffer" });
        const code = storagePrelude("f32") + attentionShader(kernel, tile, { dqk, dv });
        const needs = requirementsOf(code);
        assertLessOrEqual(needs.maxStorageBuffersPerShaderStage, 8);
        assertLessOrEqual(needs.maxComputeWorkgroupStorageSize, 16384);
        assertEquals(needs.maxComputeWorkgroupStorageSize === 0, exchange === "subgroup");
        assertEquals(code.includes("workgroupBarrier"), exchange === "workgroup");
      }
    }
  }
});

Deno.test("a device without subgroups shares through memory, and says so where it is told not to", () => {
  const device = { adapter: { software: true, description: "plain" }, subgroupSize: 0 } as Device;
  assertEquals(exchangeOf(device), "workgroup");
  const options = { dqk: 8, dv: 8, exchange: "subgroup", source: "buffer" } as const;
  assertThrows(
    () => attentionTile(device, "forward", options),
    TypeError,
    'of 0 lanes on plain: wanted 4 or more, or exchange "workgroup"',
  );
});

Deno.test(
  "what cannot be attended to is refused with what was found and wanted",
  withDevice((pool) => {
    const tensor = (rows: number, columns: number) => pool.tensor("x", [rows, columns]);
    const recorder = createRecorder(pool);
    const [x, narrow, short] = [tensor(6, 16), tensor(6, 12), tensor(4, 16)];
    const call = (options: AttentionOptions, { q = x, k = x, v = x } = {}) => () =>
      attention(recorder, { q, k, v }, options);
    assertThrows(call({ length: 4, heads: 2 }), RangeError, "length of 4, wanted a divisor");
    assertThrows(call({ length: 3, heads: 4 }), TypeError, "multiple of 8");
    assertThrows(call({ length: 3, heads: 2, kvHeads: 3 }), TypeError, "wanted a divisor");
    assertThrows(call({ length: 3, heads: 2 }, { k: narrow }), RangeError, "wanted 16");
    assertThrows(call({ length: 3, heads: 2 }, { v: short }), RangeError, "found 4 rows");
    assertThrows(call({ length: 3, heads: 2, window: 0 }), TypeError, "window of 0");
    assertThrows(call({ length: 3, heads: 2, window: 2, causal: false }), TypeError, "causal");
    const sink = pool.tensor("sink", [3]);
    assertThrows(call({ length: 3, heads: 2, sink }), RangeError, "wanted 2 of f32");
    const all = { q: x, k: x, v: x, o: x, lse: sink, grad: short };
    assertThrows(
      () => attentionBackward(recorder, all, { length: 3, heads: 2 }),
      RangeError,
      "wanted [6, 16] of f32",
    );
    recorder.submit();
    return Promise.resolve();
  }),
);
