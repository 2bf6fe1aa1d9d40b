import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { allToAll } from "../../../../sim/network/all_to_all.ts";
import { bytesOfRanks } from "../../../../sim/network/collectives/collective.ts";
import {
  directAllToAll,
  evenMatrix,
  pairwiseAllToAll,
  twoLevelAllToAll,
} from "../../../../sim/network/collectives/exchange.ts";
import {
  dispatchedBytes,
  railCombine,
  railDispatch,
} from "../../../../sim/network/collectives/rail_exchange.ts";
import { secondsOf, totals, toyTopology, upTo } from "./toy.ts";

const GB = 1e9;
const eight = toyTopology(8);
const domains = [[0, 1, 2, 3], [4, 5, 6, 7]];
const near = (a: number, b: number, share = 1e-9) => assertAlmostEquals(a, b, b * share);

const matrix = (n: number) =>
  fc.array(fc.array(fc.nat(1e6), { minLength: n, maxLength: n }), { minLength: n, maxLength: n });

Deno.test("even exchanges, followed on paper", () => {
  const even = evenMatrix(8, 8 * GB);
  near(secondsOf(directAllToAll(upTo(8), even), eight), 2e-6 + 4 / 10);
  near(secondsOf(pairwiseAllToAll(upTo(8), even), eight), 3 * 0.010001 + 4 * 0.100002);
  near(secondsOf(twoLevelAllToAll(domains, even), eight), 1e-6 + 3 * 0.02 + 2e-6 + 0.4);
  near(secondsOf(pairwiseAllToAll([0, 1, 2], evenMatrix(3, 3 * GB)), eight), 2 * 0.010001);
});

Deno.test("what is sent is received, the same by every way but for the hop between", () => {
  fc.assert(
    fc.property(matrix(8), (bytes_RR) => {
      const remote = bytes_RR.flatMap((row, i) => row.filter((_, j) => i !== j))
        .reduce((a, b) => a + b, 0);
      for (const all of [directAllToAll, pairwiseAllToAll]) {
        assertEquals(totals(all(upTo(8), bytes_RR)), { sent: remote, received: remote });
      }
      const two = bytesOfRanks(twoLevelAllToAll(domains, bytes_RR));
      assertEquals(
        [...two.sent.values()].reduce((a, b) => a + b, 0),
        [...two.received.values()].reduce((a, b) => a + b, 0),
      );
    }),
    { seed: 1, numRuns: 50 },
  );
});

Deno.test("two levels deliver what they were given", () => {
  // Follow one message at a time: from i to j through the member of j's place in i's domain.
  for (const [i, j] of [[0, 6], [0, 4], [5, 1], [2, 3]]) {
    const bytes_RR = evenMatrix(8, 0);
    bytes_RR[i][j] = 7;
    const [within, across] = twoLevelAllToAll(domains, bytes_RR).rounds.map((round) =>
      round.transfers.filter((t) => t.bytes > 0 && t.from !== t.to)
    );
    const middle = 4 * Math.floor(i / 4) + j % 4;
    assertEquals(within, middle === i ? [] : [{ from: i, to: middle, bytes: 7 }]);
    assertEquals(across, middle === j ? [] : [{ from: middle, to: j, bytes: 7 }]);
  }
});

Deno.test("a direct exchange is as fast as its busiest port", () => {
  fc.assert(
    fc.property(matrix(8), (bytes_RR) => {
      const bound = Math.max(...allToAll(bytes_RR, eight.cluster).seconds_R);
      const seconds = secondsOf(directAllToAll(upTo(8), bytes_RR), eight);
      // Fair sharing may leave the busiest port idle for a while, but not for long.
      assert(seconds >= bound * (1 - 1e-9) && seconds < 1.3 * bound, `${seconds / bound}`);
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("more oversubscription is slower, in proportion where it binds", () => {
  const even = directAllToAll(upTo(8), evenMatrix(8, 8 * GB));
  const time = (more: string) => secondsOf(even, toyTopology(8, { more }));
  near(time(",oversubscription=1"), 0.4 + 2e-6);
  // Three quarters of what crosses goes between rails: 0.75 x 2 of the time at the cards.
  near(time(",oversubscription=2"), 0.6 + 2e-6, 1e-6);
});

const tokens = fc.array(
  fc.array(fc.array(fc.nat(7), { minLength: 1, maxLength: 4 }), { maxLength: 10 }),
  { minLength: 8, maxLength: 8 },
);
const ranks = upTo(8);

Deno.test("a token crosses to a node once and reaches each of its ranks", () => {
  fc.assert(
    fc.property(tokens, fc.integer({ min: 1, max: 3 }), (targets_RTK, chunks) => {
      const what = dispatchedBytes(targets_RTK, ranks, { rowBytes: 6, cluster: eight.cluster });
      const dispatch = railDispatch(what, { chunks });
      const { received } = bytesOfRanks(dispatch);
      let crossing = 0;
      const wanted = ranks.map(() => 0);
      targets_RTK.forEach((targets_TK, source) => {
        for (const targets of targets_TK) {
          const home = Math.floor(source / 4);
          const entry = (node: number) => 4 * node + source % 4;
          for (const node of new Set(targets.map((t) => Math.floor(t / 4)))) {
            if (node === home) continue;
            crossing += 6;
            wanted[entry(node)] += 6;
          }
          for (const target of new Set(targets)) {
            if (target !== entry(Math.floor(target / 4))) wanted[target] += 6;
          }
        }
      });
      for (const rank of ranks) assertAlmostEquals(received.get(rank) ?? 0, wanted[rank], 1e-6);
      const across = dispatch.rounds.flatMap((round) => round.transfers)
        .filter((t) => Math.floor(t.from / 4) !== Math.floor(t.to / 4));
      assertAlmostEquals(across.reduce((sum, t) => sum + t.bytes, 0), crossing, 1e-6);
      for (const { from, to } of across) assertEquals(from % 4, to % 4);
    }),
    { seed: 1, numRuns: 50 },
  );
});

Deno.test("a combine takes the way back, in the same time where it is even", () => {
  const targets = ranks.map(() => ranks.map((t) => [t, (t + 4) % 8]));
  const what = dispatchedBytes(targets, ranks, { rowBytes: 1e6, cluster: eight.cluster });
  const [dispatch, combine] = [railDispatch(what), railCombine(what)];
  const [out, back] = [bytesOfRanks(dispatch), bytesOfRanks(combine)];
  assertEquals(out.sent, new Map([...back.received].toSorted(([a], [b]) => a - b)));
  near(secondsOf(combine, eight), secondsOf(dispatch, eight));
  const whole = secondsOf(dispatch, eight);
  const chunked = secondsOf(railDispatch(what, { chunks: 4 }), eight);
  assert(chunked < whole, `${chunked} ${whole}`);
});

Deno.test("without duplicates fewer bytes cross, and it is faster where the card binds", () => {
  // Every token goes to all four ranks of the other node.
  const targets = ranks.map((rank) =>
    upTo(10).map(() => upTo(4).map((i) => i + (rank < 4 ? 4 : 0)))
  );
  const what = dispatchedBytes(targets, ranks, { rowBytes: 1e8, cluster: eight.cluster });
  const direct = directAllToAll(ranks, what.bytes_RR);
  near(secondsOf(direct, eight), 2e-6 + 4 * 1 / 10);
  near(secondsOf(railDispatch(what), eight), 2e-6 + 1 / 10 + 1e-6 + 3 * 1 / 100);
});

Deno.test("what does not fit is refused", () => {
  assertThrows(() => directAllToAll([0, 1], [[1]]), RangeError, "wanted 2 rows of 2");
  assertThrows(() => twoLevelAllToAll([[0, 1], [4]], evenMatrix(3, 1)), RangeError, "wanted equal");
  const options = { rowBytes: 1, cluster: eight.cluster };
  assertThrows(() => dispatchedBytes([[[2]], []], [0, 1], options), RangeError, "to place 2");
  assertThrows(() => dispatchedBytes([[]], [0, 1], options), RangeError, "wanted tokens for each");
  const uneven = dispatchedBytes([[], [], []], [0, 1, 4], options);
  assertThrows(() => railDispatch(uneven), RangeError, "over nodes of 2, 1 ranks");
  const even = dispatchedBytes([[], []], [0, 4], options);
  assertThrows(() => railDispatch(even, { chunks: 0 }), RangeError, "in 0 pieces");
});
