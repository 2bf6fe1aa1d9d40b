import fc from "fast-check";
import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../kernels/base/errors.ts";
import { indices, lossOf, matrix, none } from "./routed.ts";

const half = [[0.5, 0.5], [0.5, 0.5]];

Deno.test("balance is 1 at uniform routing, for every number of experts and choices", () => {
  const sizes = fc.record({
    experts: fc.integer({ min: 2, max: 8 }),
    topK: fc.integer({ min: 1, max: 2 }),
    sequences: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(sizes, ({ experts, topK, sequences }) => {
      const tokens = experts * sequences;
      const rows = Array.from({ length: tokens }, (_, t) => t);
      const gate = {
        ...{ experts, topK, tokens, length: experts },
        scores: matrix(rows.map(() => new Array(experts).fill(1 / experts))),
        wanted: indices(rows.map((t) => Array.from({ length: topK }, (_, k) => (t + k) % experts))),
      };
      for (const over of ["batch", "sequence"] as const) {
        const loss = lossOf({ kind: "balance", weight: 1, of: "all", over }, gate);
        assertAlmostEquals(loss, 1, 1e-12);
      }
      assertAlmostEquals(lossOf({ kind: "null-aware", weight: 1 }, gate), 1, 1e-12);
      assertAlmostEquals(lossOf({ kind: "two-kinds", weight: 1, share: 0.75 }, gate), 1, 1e-12);
      assertAlmostEquals(lossOf({ kind: "device", weight: 1, devices: 1 }, gate), 1, 1e-12);
    }),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("balance of first choices, by hand: 2 (3/4 0.65 + 1/4 0.35)", () => {
  const gate = {
    ...{ experts: 2, tokens: 4 },
    scores: matrix([[0.7, 0.3], [0.8, 0.2], [0.9, 0.1], [0.2, 0.8]]),
  };
  assertAlmostEquals(lossOf({ kind: "balance", weight: 1 }, gate), 1.15, 1e-12);
  assertAlmostEquals(lossOf({ kind: "balance", weight: 0.01 }, gate), 0.0115, 1e-12);
});

Deno.test("balance of all choices counts those that were made, dropped ones not", () => {
  const gate = {
    ...{ experts: 2, tokens: 2, topK: 2 },
    scores: matrix([[0.75, 0.25], [0.75, 0.25]]),
    wanted: indices([[0, none], [0, 1]]),
  };
  const loss = lossOf({ kind: "balance", weight: 1, of: "all" }, gate);
  assertAlmostEquals(loss, 2 * (2 / 3 * 0.75 + 1 / 3 * 0.25), 1e-12);
});

Deno.test("balance by sequence sees what the batch hides", () => {
  const gate = {
    ...{ experts: 2, tokens: 4, length: 2 },
    scores: matrix([[1, 0], [1, 0], [0, 1], [0, 1]]),
  };
  assertAlmostEquals(lossOf({ kind: "balance", weight: 1 }, gate), 1, 1e-12);
  const bySequence = lossOf({ kind: "balance", weight: 1, over: "sequence" }, gate);
  assertAlmostEquals(bySequence, 2, 1e-12);
});

Deno.test("sequence-wise balance counts the best scores, whatever a bias chose, and normalises", () => {
  const gate = {
    ...{ experts: 2, tokens: 2, topK: 1 },
    scores: matrix([[0.6, 0.2], [0.9, 0.3]]),
    wanted: indices([[1], [1]]),
  };
  assertAlmostEquals(lossOf({ kind: "sequence-wise", weight: 1 }, gate), 2 * 0.75, 1e-12);
});

Deno.test("null experts count as their mean", () => {
  const scores = matrix([[0.4, 0.2, 0.3, 0.1], [0.4, 0.2, 0.3, 0.1]]);
  const gate = { experts: 4, tokens: 2, topK: 2, scores, zero: 2 };
  const uneven = lossOf({ kind: "null-aware", weight: 1 }, {
    ...gate,
    wanted: indices([[0, 2], [0, 2]]),
  });
  const even = lossOf({ kind: "null-aware", weight: 1 }, {
    ...gate,
    wanted: indices([[0, 2], [0, 3]]),
  });
  assertAlmostEquals(uneven, even, 1e-12);
  assertAlmostEquals(even, 4 * (0.5 * 0.4 + 0.25 * 0.3 + 0.25 * 0.1), 1e-12);
});

Deno.test("experts without a network count a share in the balance of two kinds", () => {
  const gate = {
    ...{ experts: 2, tokens: 2, zero: 1, scores: matrix(half), wanted: indices([[0], [1]]) },
  };
  const loss = lossOf({ kind: "two-kinds", weight: 1, share: 0.5 }, gate);
  assertAlmostEquals(loss, 2 * (0.5 * 0.5 + 0.5 * 0.5 * 0.5), 1e-12);
});

Deno.test("shares of weights instead of counts, by hand", () => {
  const gate = {
    ...{ experts: 2, tokens: 2 },
    gates: matrix([[1, 0], [0.5, 0.5]]),
    scores: matrix([[0.9, 0.1], [0.5, 0.5]]),
  };
  assertAlmostEquals(
    lossOf({ kind: "gates", weight: 1 }, gate),
    2 * (0.75 * 0.7 + 0.25 * 0.3),
    1e-12,
  );
});

const four = {
  ...{ experts: 4, tokens: 2, topK: 2 },
  scores: matrix([[0.5, 0.2, 0.2, 0.1], [0.3, 0.4, 0.2, 0.1]]),
  wanted: indices([[0, 1], [1, 2]]),
};

Deno.test("device balance, by hand: blocks of two experts", () => {
  // Device 0 has 3 of 4 choices: f = 2 * 3/4; P = 0.7.
  const loss = lossOf({ kind: "device", weight: 1, devices: 2 }, four);
  assertAlmostEquals(loss, 1.5 * 0.7 + 0.5 * 0.3, 1e-12);
  assertThrows(
    () => lossOf({ kind: "device", weight: 1, devices: 3 }, four),
    UserError,
    "nearest number of devices that works: 2",
  );
});

Deno.test("communication balance counts a token once on a device", () => {
  // Both tokens go to device 0, one also to device 1; each is to go to one.
  const loss = lossOf({ kind: "communication", weight: 1, devices: 2, chosen: 1 }, four);
  assertAlmostEquals(loss, 2 * 0.7 + 1 * 0.3, 1e-12);
});

Deno.test("a gate that lacks what a loss reads is refused in words", () => {
  assertThrows(
    () => lossOf({ kind: "balance", weight: 1 }, { experts: 2, tokens: 2 }),
    UserError,
    'Balanced a gate by "balance", which reads scores: this gate has none',
  );
  assertThrows(
    () => lossOf({ kind: "load", weight: 1 }, { experts: 2, tokens: 2, logits: matrix(half) }),
    UserError,
    "noise on its logits",
  );
});

Deno.test("scores that prefer a crowded expert cost more than ones that avoid it", () => {
  const gate = { experts: 2, tokens: 2, wanted: indices([[0], [0]]) };
  const cost = (p: number) =>
    lossOf({ kind: "balance", weight: 1, of: "all" }, {
      ...gate,
      scores: matrix([[p, 1 - p], [p, 1 - p]]),
    });
  assert(cost(0.9) > cost(0.6));
});
