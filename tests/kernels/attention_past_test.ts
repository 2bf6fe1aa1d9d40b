/** Queries that are fewer than their keys: against the oracle, and to the bit against whole sequences. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  attention,
  attentionBackward,
  attentionOracle,
  createRecorder,
  download,
  type LaneExchange,
  type Pool,
  type Recorder,
} from "../../kernels/mod.ts";
import { soil } from "./attention_cases.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";
import { batch, type Recorded } from "./slopes.ts";

interface Case {
  length: number;
  past: number;
  /** Rows of the keys beyond those that are read. */
  room: number;
  heads: number;
  kvHeads: number;
  window?: number;
  causal?: boolean;
  sinks?: boolean;
  exchange?: LaneExchange;
}

const [dqk, dv] = [8, 16];

function inputsOf(c: Case) {
  const { length, past, room, heads, kvHeads, sinks } = c;
  const keys = past + length;
  const rows = (name: string, width: number) => {
    const values = numbers(`${name} ${keys} ${kvHeads}`, (keys + room) * kvHeads * width);
    return values.fill(NaN, keys * kvHeads * width);
  };
  return {
    q: numbers(`q ${keys} ${heads}`, keys * heads * dqk).slice(past * heads * dqk),
    ...{ k: rows("k", dqk), v: rows("v", dv) },
    sink: sinks ? numbers("sink", heads) : undefined,
  };
}

function record(pool: Pool, recorder: Recorder, c: Case): Recorded {
  const { length, past, room, heads, kvHeads } = c;
  const x = inputsOf(c);
  const rows = past + length + room;
  const tensors = {
    q: pool.upload("q", [length, heads * dqk], x.q),
    k: pool.upload("k", [rows, kvHeads * dqk], x.k),
    v: pool.upload("v", [rows, kvHeads * dv], x.v),
  };
  const sink = x.sink && pool.upload("sink", [heads], x.sink);
  const { o, lse } = attention(recorder, tensors, { ...c, sink });
  return {
    tensors: [o, lse],
    check([gotO, gotLse]) {
      const wanted = attentionOracle(x, { ...c, tokens: length, dqk, dv });
      assertClose(gotO, wanted.o, { what: `o of ${JSON.stringify(c)}` });
      assertClose(gotLse, wanted.lse, { what: `lse of ${JSON.stringify(c)}` });
    },
  };
}

Deno.test(
  "queries with keys before them see those too, within windows and with sinks",
  withDevice(async (pool) => {
    const shape = fc.record({
      length: fc.integer({ min: 1, max: 40 }),
      past: fc.integer({ min: 0, max: 60 }),
      room: fc.integer({ min: 0, max: 9 }),
      kvHeads: fc.integer({ min: 1, max: 2 }),
      group: fc.integer({ min: 1, max: 3 }),
      window: fc.option(fc.integer({ min: 1, max: 80 }), { nil: undefined }),
      sinks: fc.boolean(),
    });
    const random = fc.sample(shape, { seed: 1, numRuns: 12 })
      .map(({ group, ...c }): Case => ({ ...c, heads: group * c.kvHeads }));
    const heads = { heads: 2, kvHeads: 1 };
    const edges: Case[] = [
      { length: 1, past: 0, room: 0, ...heads },
      { length: 1, past: 99, room: 3, ...heads, window: 1 },
      { length: 130, past: 33, room: 0, ...heads, window: 40, sinks: true },
      { length: 5, past: 20, room: 0, ...heads, causal: false },
      { length: 3, past: 77, room: 1, ...heads, window: 9, exchange: "workgroup" },
    ];
    soil(pool);
    await batch(pool, [...edges, ...random].map((c) => (r: Recorder) => record(pool, r, c)));
  }),
);

Deno.test(
  "what a query gets is the same to the bit, whatever queries are beside it",
  withDevice(async (pool, device) => {
    const [tokens, heads] = [45, 2];
    for (const window of [undefined, 7]) {
      const whole = inputsOf({ length: tokens, past: 0, room: 0, heads, kvHeads: 1 });
      const k = pool.upload("k", [tokens, dqk], whole.k);
      const v = pool.upload("v", [tokens, dv], whole.v);
      const recorder = createRecorder(pool);
      const run = (past: number, length: number) => {
        const at = heads * dqk;
        const q = whole.q.slice(past * at, (past + length) * at);
        const tensors = { q: pool.upload("q", [length, at], q), k, v };
        return attention(recorder, tensors, { length, heads, kvHeads: 1, past, window }).o;
      };
      const cuts = [0, 1, 13, 14, 40, tokens];
      const parts = cuts.slice(1).map((end, i) => run(cuts[i], end - cuts[i]));
      const all = run(0, tokens);
      recorder.submit();
      const [together, ...apart] = await download(device, [all, ...parts]);
      assertEquals(apart.flatMap((part) => [...part]), [...together], `window ${window}`);
    }
  }),
);

Deno.test(
  "keys before the queries of several sequences, and gradients of such, are refused",
  withDevice((pool) => {
    const recorder = createRecorder(pool);
    const [q, k, v] = [8, 8, 8].map((width) => pool.tensor("x", [4, width]));
    const call = (length: number, past: number) => () =>
      attention(recorder, { q, k, v }, { heads: 1, length, past });
    assertThrows(call(2, 2), RangeError, "found 2 sequences");
    assertThrows(call(4, 1), RangeError, "wanted 5 or more");
    assertThrows(call(4, 0.5), RangeError, "whole number of keys");
    const told = { heads: 1, length: 4, past: 0 };
    const { o, lse } = attention(recorder, { q, k, v }, told);
    const all = { q, k, v, o, lse, grad: v };
    assertThrows(() => attentionBackward(recorder, all, told), RangeError, "before its queries");
    recorder.submit();
    return Promise.resolve();
  }),
);
