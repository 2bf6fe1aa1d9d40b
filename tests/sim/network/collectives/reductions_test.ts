import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UserError } from "../../../../kernels/base/errors.ts";
import { bytesOfRanks, type Collective } from "../../../../sim/network/collectives/collective.ts";
import { byDomain, domainRings, evenDomains } from "../../../../sim/network/collectives/groups.ts";
import {
  hierarchicalAllGather,
  hierarchicalAllReduce,
  hierarchicalReduceScatter,
} from "../../../../sim/network/collectives/hierarchical.ts";
import {
  ringAllGather,
  ringAllReduce,
  ringReduceScatter,
} from "../../../../sim/network/collectives/ring.ts";
import {
  chainBroadcast,
  treeAllReduce,
  treeBroadcast,
} from "../../../../sim/network/collectives/tree.ts";
import { secondsOf, totals, toyTopology, upTo } from "./toy.ts";

const GB = 1e9;
const eight = toyTopology(8);
const domains = [[0, 1, 2, 3], [4, 5, 6, 7]];
const near = (a: number, b: number, share = 1e-9) => assertAlmostEquals(a, b, b * share);

Deno.test("rings move 2 (n - 1)/n or (n - 1)/n of the bytes past each rank", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.boolean(), (n, barrier) => {
      const ranks = upTo(n);
      const each = (collective: Collective, wanted: number) => {
        const { sent, received } = bytesOfRanks(collective);
        for (const rank of ranks) {
          assertAlmostEquals(sent.get(rank) ?? 0, wanted, 1e-6);
          assertAlmostEquals(received.get(rank) ?? 0, wanted, 1e-6);
        }
      };
      const rings = [ranks, ranks.toReversed()];
      each(ringAllReduce(ranks, 1e3, { barrier }), 2e3 * (n - 1) / n);
      each(ringAllReduce(ranks, 1e3, { barrier, rings }), 2e3 * (n - 1) / n);
      each(ringReduceScatter(ranks, 1e3, { barrier }), 1e3 * (n - 1) / n);
      each(ringAllGather(ranks, 1e3, { barrier }), 1e3 * (n - 1) / n);
    }),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("a ring in a node takes its steps, with barriers or without", () => {
  const expected = 6 * (1e-6 + 0.25 / 100);
  near(secondsOf(ringAllReduce(upTo(4), GB), eight), expected);
  near(secondsOf(ringAllReduce(upTo(4), GB, { barrier: false }), eight), expected);
});

Deno.test("without barriers a small piece waits for its own way alone", () => {
  const time = (barrier: boolean) => secondsOf(ringAllGather(upTo(8), 8, { barrier }), eight);
  near(time(true), 7 * 2e-6, 1e-3);
  // Seven of the eight edges, two of which leave a node.
  near(time(false), 5 * 1e-6 + 2 * 2e-6, 1e-3);
});

Deno.test("one ring a device uses every card", () => {
  const rings = domainRings(domains);
  for (const ring of rings) assertEquals(ring.toSorted(), upTo(8));
  const leaving = rings.map((ring) => ring.findIndex((rank, at) => rank < 4 && ring[at + 1] >= 4));
  assertEquals(leaving.map((at, r) => rings[r][at]), [3, 0, 1, 2]);
  near(secondsOf(ringAllReduce(upTo(8), 80 * GB, { rings }), eight), 14 * (10 / 4 / 10), 1e-3);
  near(secondsOf(ringAllReduce(upTo(8), 80 * GB), eight), 14 * (10 / 10), 1e-3);
});

Deno.test("two levels beat one flat ring where the card is slower than the node", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 4 }),
      fc.integer({ min: 2, max: 4 }),
      fc.integer({ min: 5, max: 50 }),
      (node, nodes, nic) => {
        const topology = toyTopology(node * nodes, { node, nic });
        const ranks = upTo(node * nodes);
        const groups = byDomain(ranks, topology.cluster);
        const flat = secondsOf(ringAllReduce(ranks, GB), topology);
        assert(secondsOf(hierarchicalAllReduce(groups, GB), topology) < flat);
      },
    ),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("two levels, followed on paper; chunks overlap the levels", () => {
  // Inside 3 steps of 1/4 GB, across 2 steps of 1/8 GB, inside again.
  const inside = 3 * (1e-6 + 0.25 / 100);
  const across = 2 * (2e-6 + 0.125 / 10);
  near(secondsOf(hierarchicalAllReduce(domains, GB), eight), 2 * inside + across);
  near(secondsOf(hierarchicalReduceScatter(domains, GB), eight), inside + across / 2);
  near(secondsOf(hierarchicalAllGather(domains, GB), eight), inside + across / 2);
  const chunked = secondsOf(hierarchicalAllReduce(domains, GB, { chunks: 16 }), eight);
  assert(chunked < 2 * inside + across && chunked > across);
  const sent = (chunks: number) => totals(hierarchicalAllReduce(domains, GB, { chunks })).sent;
  near(sent(16), sent(1));
});

Deno.test("a chain and a tree reach every rank once", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 17 }),
      fc.integer({ min: 1, max: 4 }),
      (n, pieces) => {
        for (const broadcast of [chainBroadcast, treeBroadcast]) {
          const { received } = bytesOfRanks(broadcast(upTo(n), 60, { pieces }));
          assertEquals(received.size, n - 1);
          for (const bytes of received.values()) assertAlmostEquals(bytes, 60, 1e-9);
        }
        const { sent, received } = totals(treeAllReduce(upTo(n), 60, { pieces }));
        assertAlmostEquals(sent, 2 * 60 * (n - 1), 1e-6);
        assertAlmostEquals(received, sent, 1e-6);
      },
    ),
    { seed: 1, numRuns: 50 },
  );
});

Deno.test("a tree is as deep as the logarithm, a chain as long as its ranks", () => {
  const topology = toyTopology(16, { node: 16 });
  near(secondsOf(chainBroadcast(upTo(16), 1), topology), 15e-6, 1e-3);
  near(secondsOf(treeBroadcast(upTo(15), 1), topology), 3e-6, 1e-3);
  near(secondsOf(treeAllReduce(upTo(15), 1), topology), 6e-6, 1e-3);
});

Deno.test("a chain of pieces is as fast as one message, two trees as a ring", () => {
  const topology = toyTopology(8, { node: 8 });
  const once = 10 / 100;
  near(secondsOf(chainBroadcast(upTo(8), 10 * GB, { pieces: 512 }), topology), once, 0.02);
  near(secondsOf(treeAllReduce(upTo(8), 10 * GB, { pieces: 128 }), topology), 2 * once, 0.01);
});

Deno.test("names inside a domain do not matter, nor does what more the cluster has", () => {
  const shuffled = [[2, 0, 3, 1], [5, 4, 7, 6]];
  for (const all of [hierarchicalAllReduce, hierarchicalAllGather, hierarchicalReduceScatter]) {
    near(secondsOf(all(shuffled, GB), eight), secondsOf(all(domains, GB), eight));
    near(secondsOf(all(shuffled, GB), toyTopology(64)), secondsOf(all(domains, GB), eight));
  }
  const ranks = [3, 1, 0, 2];
  near(secondsOf(ringAllReduce(ranks, GB), eight), secondsOf(ringAllReduce(upTo(4), GB), eight));
});

Deno.test("one rank has nothing to do", () => {
  for (const all of [ringAllReduce, ringAllGather, chainBroadcast, treeBroadcast, treeAllReduce]) {
    assertEquals(secondsOf(all([5], GB), eight), 0);
  }
  assertEquals(secondsOf(hierarchicalAllReduce([[5]], GB), eight), 0);
});

Deno.test("groups that cannot be are refused", () => {
  assertThrows(() => ringAllReduce([0, 0], 1), RangeError, "wanted each rank once");
  assertThrows(() => ringAllReduce([0, 1], 1, { rings: [[0]] }), RangeError, "wanted each rank");
  assertThrows(() => hierarchicalAllReduce([[0, 1], [2]], 1), RangeError, "ranks: wanted equal");
  assertThrows(() => treeAllReduce([0, 1], 1, { pieces: 0.5 }), RangeError, "in 0.5 pieces");
  const cluster = eight.cluster;
  assertEquals(byDomain([6, 1, 0], cluster), [[6], [1, 0]]);
  assertEquals(evenDomains([0, 4, 1, 5], cluster), [[0, 1], [4, 5]]);
  assertThrows(() => evenDomains([0, 1, 4], cluster), UserError, "found 2, 1 in them");
});
