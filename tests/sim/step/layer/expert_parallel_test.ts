import { assert, assertAlmostEquals, assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UserError } from "../../../../kernels/base/errors.ts";
import type { Span } from "../../../../sim/engine/span.ts";
import { allToAll } from "../../../../sim/network/all_to_all.ts";
import {
  expertParallel,
  type ExpertParallelInput,
} from "../../../../sim/step/layer/expert_parallel.ts";
import { dispatchBytes } from "../../../../sim/step/layer/layer.ts";
import { balancedCounts } from "../../../../sim/step/layer/routing.ts";
import { skewedCounts } from "../../../../sim/step/layer/skew.ts";
import { toyCluster, toyPrice } from "./toy.ts";

const layer = { dModel: 4, dExpert: 8, experts: 2, topK: 1, sharedExperts: 0, sharedWidth: 0 };

/** Rank 0 keeps 4 of its 10 tokens and sends 6; rank 1 sends its 5 tokens, all to expert 0. */
const two: ExpertParallelInput = {
  layer,
  counts_RE: [[4, 6], [5, 0]],
  tokens_R: [10, 5],
  dtype: "f32",
  cluster: toyCluster(2),
  price: toyPrice,
};

/** Name, start and end of a rank's spans, to 1e-9 s. */
const timeline = (spans: readonly Span[], rank: number) =>
  spans.filter((s) => s.rank === rank).map((
    s,
  ) => [s.name, Math.round(s.startSeconds * 1e9) / 1e9, Math.round(s.endSeconds * 1e9) / 1e9]);

Deno.test("two ranks, followed on paper", () => {
  // gate    1 (logits) + 0.5 (router)                          = 1.5   both
  // encode  0.25 (group) + 10 rows * 4 / 16 = 2.5              = 2.75  rank 0; 5 rows: 1.5 rank 1
  // dispatch 1 + max(6, 5) rows * 16 B / 100 B/s               = 1.96  both, from 4.25 on
  // experts 9 rows * 0.3                                       = 2.7   rank 0; 6 rows: 1.8 rank 1
  // combine the dispatch turned round                          = 1.96  both, from 8.91 on
  // decode  10 tokens * 0.1                                    = 1     rank 0; 5 tokens: 0.5 rank 1
  const { spans, stepSeconds, shares, perRank } = expertParallel(two);
  assertEquals(timeline(spans, 0), [
    ["gate", 0, 1.5],
    ["encode", 1.5, 4.25],
    ["all-to-all dispatch", 4.25, 6.21],
    ["experts", 6.21, 8.91],
    ["all-to-all combine", 8.91, 10.87],
    ["decode", 10.87, 11.87],
  ]);
  assertEquals(timeline(spans, 1), [
    ["gate", 0, 1.5],
    ["encode", 1.5, 3],
    ["wait for peers of all-to-all dispatch", 3, 4.25],
    ["all-to-all dispatch", 4.25, 6.21],
    ["experts", 6.21, 8.01],
    ["wait for peers of all-to-all combine", 8.01, 8.91],
    ["all-to-all combine", 8.91, 10.87],
    ["decode", 10.87, 11.37],
    ["wait for the end of the step", 11.37, 11.87],
  ]);
  assertAlmostEquals(stepSeconds, 11.87, 1e-9);
  assertAlmostEquals(shares.compute, (7.95 + 5.3) / 23.74, 1e-9);
  assertAlmostEquals(shares.communication, 2 * 3.92 / 23.74, 1e-9);
  assertAlmostEquals(shares.waiting, 2.65 / 23.74, 1e-9);
  assertEquals(perRank.map((r) => [r.rows, r.sentBytes, r.receivedBytes]), [
    [9, 96 + 80, 80 + 96],
    [6, 80 + 96, 96 + 80],
  ]);
  assertAlmostEquals(perRank[1].waitingSeconds, 2.65, 1e-9);
  assertEquals(
    spans.find((s) => s.rank === 0 && s.name === "experts")?.flops,
    9 * 3 * 2 * 4 * 8,
  );
});

Deno.test("the interval of the step takes every price at its end", () => {
  // Rank 0 is on the critical path: 7.95 s of prices, 3.92 s of links that have no interval.
  const { step, stepSeconds } = expertParallel(two);
  assertEquals(step.value, stepSeconds);
  assertAlmostEquals(step.lo, 7.95 / 2 + 3.92, 1e-9);
  assertAlmostEquals(step.hi, 7.95 * 2 + 3.92, 1e-9);
});

Deno.test("one rank computes and nothing else", () => {
  const { spans, shares, stepSeconds } = expertParallel({
    ...two,
    counts_RE: [[4, 6]],
    tokens_R: [10],
    cluster: toyCluster(1),
  });
  assertEquals(spans.map((s) => s.name), ["gate", "encode", "experts", "decode"]);
  assertEquals(shares, { compute: 1, communication: 0, waiting: 0 });
  assertAlmostEquals(stepSeconds, 1.5 + 2.75 + 3 + 1, 1e-9);
});

Deno.test("shared experts run before the dispatch, or beside it", () => {
  const input = { ...two, layer: { ...layer, sharedExperts: 1, sharedWidth: 8 } };
  const before = expertParallel(input);
  const beside = expertParallel({ ...input, overlapShared: true });
  assertAlmostEquals(before.stepSeconds, 11.87 + 2, 1e-9);
  // 2 s beside a dispatch of 1.96 s: the experts start 0.04 s later on the critical rank 0.
  assertAlmostEquals(beside.stepSeconds, 11.87 + 0.04, 1e-9);
  const find = (rank: number, name: string) =>
    beside.spans.find((s) => s.rank === rank && s.name === name)!;
  assertAlmostEquals(find(0, "shared experts").startSeconds, 4.25, 1e-9);
  assertAlmostEquals(find(0, "all-to-all dispatch").startSeconds, 4.25, 1e-9);
  // Rank 1 computes its shared experts while it waits for rank 0.
  assertAlmostEquals(find(1, "shared experts").startSeconds, 3, 1e-9);
  assertEquals(beside.spans.some((s) => s.name.includes("peers of all-to-all dispatch")), false);
  assertAlmostEquals(beside.shares.communication, (1.96 + 1.96 + 2 * 1.96 - 1.96 - 0.75) / 23.82);
});

Deno.test("a smaller type on the wire sends fewer bytes, one way or both", () => {
  const bytes = (wire?: ExpertParallelInput["wire"]) =>
    expertParallel({ ...two, wire }).perRank[0].sentBytes;
  assertEquals(bytes({ dispatch: "fp8" }), 96 / 4 + 80);
  assertEquals(bytes({ dispatch: "fp8", combine: "bf16" }), 96 / 4 + 80 / 2);
});

Deno.test("experts can be placed elsewhere", () => {
  const { perRank } = expertParallel({ ...two, placement_E: [1, 0] });
  assertEquals(perRank.map((r) => r.rows), [6, 9]);
  assertEquals(perRank[0].sentBytes, 4 * 16 + 0);
  assertEquals(expertParallel({ ...two, placement_E: [0, 0] }).perRank.map((r) => r.rows), [15, 0]);
});

Deno.test("tokens that were dropped cost nothing, and a rank may have none", () => {
  const { stepSeconds, spans, perRank } = expertParallel({
    ...two,
    counts_RE: [[1, 0], [0, 0]],
    tokens_R: [3, 0],
  });
  assertEquals(perRank.map((r) => r.rows), [1, 0]);
  assertAlmostEquals(stepSeconds, 1.5 + 0.5 + 0.3 + 0.3, 1e-9);
  assertEquals(timeline(spans, 1), [["wait for the end of the step", 0, 2.6]]);
});

Deno.test("inputs that do not fit together are refused", () => {
  const refused = (change: Partial<ExpertParallelInput>, text: string) =>
    assertThrows(() => expertParallel({ ...two, ...change }), UserError, text);
  refused({ cluster: toyCluster(3) }, 'such as "toy:2"');
  refused({ tokens_R: [10] }, "the length of tokens_R is 1, wanted 2");
  refused({ placement_E: [0] }, "the length of placement_E is 1, wanted 2");
  refused({ placement_E: [0, 2] }, "the rank of expert 1 is 2, wanted 0 to 1");
  refused({ counts_RE: [[4], [5]] }, "the length of counts_RE[0] is 1, wanted 2");
  refused({ counts_RE: [[4, 7], [5, 0]] }, "the sum of counts_RE[0] is 11");
  refused({ counts_RE: [[4, 0.5], [5, 0]] }, "counts_RE[0][1] is 0.5");
});

const loads = fc.record({
  ranks: fc.integer({ min: 1, max: 5 }),
  tokens: fc.integer({ min: 1, max: 20 }),
  experts: fc.integer({ min: 2, max: 7 }),
  exponent: fc.double({ min: 0, max: 3, noNaN: true }),
  seed: fc.nat(),
  perNode: fc.integer({ min: 1, max: 5 }),
  shared: fc.nat(1),
  overlapShared: fc.boolean(),
}).map((x): ExpertParallelInput => {
  const shape = { ranks: x.ranks, tokensPerRank: x.tokens, experts: x.experts, topK: 2 };
  return {
    layer: { ...layer, experts: x.experts, topK: 2, sharedExperts: x.shared, sharedWidth: 8 },
    counts_RE: skewedCounts(shape, x),
    tokens_R: new Array(x.ranks).fill(x.tokens),
    dtype: "f32",
    cluster: toyCluster(x.ranks, { perNode: x.perNode }),
    price: toyPrice,
    overlapShared: x.overlapShared,
  };
});

Deno.test("lanes never overlap, ranks are covered to the end, shares sum to 1", () => {
  fc.assert(fc.property(loads, (input) => {
    const { spans, shares, stepSeconds, perRank } = expertParallel(input);
    assertAlmostEquals(shares.compute + shares.communication + shares.waiting, 1, 1e-9);
    for (const { rank } of perRank) {
      const own = spans.filter((s) => s.rank === rank);
      for (const stream of ["compute", "communication"]) {
        own.filter((s) => s.stream === stream).reduce((free, span) => {
          assert(span.startSeconds >= free && span.endSeconds > span.startSeconds);
          return span.endSeconds;
        }, 0);
      }
      let covered = 0;
      for (const span of own) {
        assert(span.startSeconds <= covered);
        covered = Math.max(covered, span.endSeconds);
      }
      assertEquals(covered, stepSeconds);
    }
    for (const span of spans.filter((s) => s.class === "waiting")) {
      const beside = spans.filter((s) =>
        s.rank === span.rank && s !== span && s.startSeconds < span.endSeconds &&
        span.startSeconds < s.endSeconds
      );
      assertEquals(beside, []);
    }
  }));
});

Deno.test("rows and bytes are conserved, and runs repeat", () => {
  fc.assert(fc.property(loads, (input) => {
    const result = expertParallel(input);
    const total = (key: "rows" | "sentBytes" | "receivedBytes") =>
      result.perRank.reduce((sum, rank) => sum + rank[key], 0);
    assertEquals(total("rows"), 2 * input.tokens_R.reduce((sum, t) => sum + t, 0));
    assertEquals(total("sentBytes"), total("receivedBytes"));
    assertEquals(expertParallel(input), result);
  }));
});

Deno.test("a step is no shorter than its busiest rank and its exchanges", () => {
  fc.assert(fc.property(loads, (input) => {
    const { stepSeconds, perRank, spans } = expertParallel(input);
    const { seconds_R } = allToAll(dispatchBytes(input, 16), input.cluster);
    const near = stepSeconds + 1e-9;
    assert(near >= Math.max(...perRank.map((r) => r.computeSeconds)));
    assert(near >= 2 * Math.max(...seconds_R));
    // The combine waits for the rank that is last with its dispatch and its experts together.
    const last = seconds_R.map((seconds, rank) => {
      const own = spans.find((s) => s.rank === rank && s.name === "experts");
      return seconds + (own ? own.endSeconds - own.startSeconds : 0);
    });
    assert(near >= Math.max(...last) + Math.max(...seconds_R));
  }));
});

Deno.test("twice the bandwidth halves what the links add beyond their latency", () => {
  const shape = { ranks: 4, tokensPerRank: 8, experts: 4, topK: 2 };
  const seconds = (faster: number) =>
    expertParallel({
      ...two,
      layer: { ...layer, experts: 4, topK: 2 },
      counts_RE: balancedCounts(shape),
      tokens_R: [8, 8, 8, 8],
      cluster: toyCluster(4, { faster }),
    }).stepSeconds;
  const fixed = seconds(1e12);
  assertAlmostEquals(seconds(2) - fixed, (seconds(1) - fixed) / 2, 1e-6);
  // 3 of 4 ranks get 4 rows of 16 B each, both ways.
  assertAlmostEquals(seconds(1) - fixed, 2 * 12 * 16 / 100, 1e-6);
});

Deno.test("the more skewed the routing, the longer the step and the more of it is waiting", () => {
  const shape = { ranks: 8, tokensPerRank: 512, experts: 16, topK: 2 };
  const run = (exponent: number) =>
    expertParallel({
      ...two,
      layer: { ...layer, experts: 16, topK: 2 },
      counts_RE: exponent === 0
        ? balancedCounts(shape)
        : skewedCounts(shape, { exponent, seed: 1 }),
      tokens_R: new Array(8).fill(512),
      cluster: toyCluster(8),
    });
  const runs = [0, 0.5, 1, 2].map(run);
  for (let i = 1; i < runs.length; i++) {
    assertGreater(runs[i].stepSeconds, runs[i - 1].stepSeconds);
    assertGreater(runs[i].shares.waiting, runs[i - 1].shares.waiting);
  }
});
