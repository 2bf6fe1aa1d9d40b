import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseCluster } from "../../../../sim/cluster/parse.ts";
import type { Collective, Round } from "../../../../sim/network/collectives/collective.ts";
import { pointToPoint } from "../../../../sim/network/collectives/send.ts";
import { bytesOnLinks } from "../../../../sim/network/flows/passes.ts";
import { runCollective, runCollectives } from "../../../../sim/network/flows/run_collective.ts";
import { createTopology } from "../../../../sim/network/topology/topology.ts";

/** Nodes of two: 100 GB/s after 1 s inside, 10 GB/s after 2 s outside. */
const toy = createTopology(parseCluster(
  "h100:6,node=2,nvlink=100GB/s,nic=10GB/s,latency.nvlink=1s,latency.nic=2s," +
    "efficiency.nvlink=1,efficiency.nic=1",
));
const of = (...rounds: Round[]): Collective => ({ name: "test", rounds });
const send = (from: number, to: number, gigabytes: number) => ({
  from,
  to,
  bytes: gigabytes * 1e9,
});

Deno.test("a message takes latency and bytes over bandwidth", () => {
  assertAlmostEquals(runCollective(pointToPoint(0, 1, 300e9), toy).seconds, 4);
  assertAlmostEquals(runCollective(pointToPoint(0, 2, 30e9), toy).seconds, 5);
  assertEquals(runCollective(pointToPoint(0, 2, 0), toy).seconds, 0);
  assertEquals(runCollective(pointToPoint(2, 2, 1e9), toy).seconds, 0);
});

Deno.test("messages share the ports that they meet on, and speed up when others end", () => {
  // Out of rank 0: 20 and 40 GB, each at 5 GB/s until the first is sent after 4 s.
  const { seconds } = runCollective(of({ transfers: [send(0, 2, 20), send(0, 4, 40)] }), toy);
  assertAlmostEquals(seconds, 2 + 4 + 20 / 10);
  // In and out of the same rank do not meet.
  const both = of({ transfers: [send(0, 2, 20), send(4, 0, 20)] });
  assertAlmostEquals(runCollective(both, toy).seconds, 2 + 2);
});

Deno.test("rounds wait, repeat, and say when they were done", () => {
  const round = { transfers: [send(0, 1, 100)] };
  const { seconds, roundEnds } = runCollective(of(round, { ...round, times: 3 }), toy);
  assertAlmostEquals(seconds, 8);
  assertEquals(roundEnds.map(Math.round), [2, 8]);
  // Side by side they share the port; three passes of the second, the first beside the first two.
  const side = of({ transfers: [send(0, 1, 100)] }, { ...round, times: 3, after: [] });
  assertEquals(runCollective(side, toy).roundEnds.map((s) => Math.round(s * 1e6) / 1e6), [3, 7]);
});

Deno.test("pieces that follow each other pay the latency side by side", () => {
  const piece = { transfers: [send(0, 1, 50)] };
  const after = of(piece, piece);
  const following = of(piece, { ...piece, after: [], follows: [0] });
  assertAlmostEquals(runCollective(after, toy).seconds, 3);
  assertAlmostEquals(runCollective(following, toy).seconds, 2);
});

Deno.test("collectives that start later share what they meet", () => {
  const runs = runCollectives([pointToPoint(0, 2, 40e9), pointToPoint(1, 3, 10e9)], toy, {
    startSeconds: [0, 7],
  });
  assertEquals(runs.map((run) => Math.round(run.seconds)), [6, 3]);
  const met = runCollectives([pointToPoint(0, 2, 40e9), pointToPoint(0, 4, 10e9)], toy, {
    startSeconds: [0, 2],
  });
  // 20 GB alone, then 10 at half the rate beside the other, then 10 alone.
  assertEquals(met.map((run) => Math.round(run.seconds * 1e6) / 1e6), [7, 4]);
  assertEquals(runCollectives([], toy), []);
  assertEquals(runCollective(of(), toy), { seconds: 0, roundEnds: [] });
});

Deno.test("a round that repeats takes as long beside nothing as passes written out", () => {
  const transfers = [send(0, 1, 3), send(1, 2, 4), send(2, 0, 5), send(3, 1, 2)];
  const once = runCollective(of({ transfers }), toy).seconds;
  assertAlmostEquals(runCollective(of({ transfers, times: 5 }), toy).seconds, 5 * once, 1e-9);
  const graph = of({ transfers, times: 5, after: [] }, { transfers: [], after: [], follows: [0] });
  assertAlmostEquals(runCollective(graph, toy).seconds, 5 * once, 1e-9);
});

Deno.test("what cannot be run is refused", () => {
  assertThrows(
    () => runCollective(pointToPoint(0, 1, -1), toy),
    RangeError,
    "Cannot send -1 bytes",
  );
  assertThrows(() => runCollective(pointToPoint(0, 1, NaN), toy), RangeError, "Cannot send NaN");
  assertThrows(() => runCollective(pointToPoint(0, 6, 1), toy), RangeError, "ranks from 0 to 5");
  const circle = of({ transfers: [], after: [1] }, { transfers: [], after: [0] });
  assertThrows(() => runCollective(circle, toy), RangeError, "some wait for each other");
});

const messages = fc.array(
  fc.record({ from: fc.nat(5), to: fc.nat(5), bytes: fc.integer({ min: 0, max: 1e9 }) }),
  { minLength: 1, maxLength: 20 },
);

Deno.test("a round lasts at least as long as its busiest link and at most as long as one by one", () => {
  fc.assert(
    fc.property(messages, (transfers) => {
      const collective = of({ transfers });
      const { seconds } = runCollective(collective, toy);
      const busiest = Math.max(
        ...bytesOnLinks(collective, toy).map((bytes, link) => bytes / toy.capacities[link]),
      );
      const apart = transfers.map((t) => runCollective(of({ transfers: [t] }), toy).seconds);
      assert(seconds >= busiest * (1 - 1e-9));
      assert(seconds <= apart.reduce((a, b) => a + b, 0) * (1 + 1e-9));
      assert(seconds >= Math.max(...apart) * (1 - 1e-9));
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("more bandwidth is never slower", () => {
  fc.assert(
    fc.property(
      messages,
      fc.constantFrom("nic", "nvlink"),
      fc.integer({ min: 1, max: 8 }),
      (transfers, tier, faster) => {
        const rate = (tier === "nic" ? 10 : 100) * faster;
        const text = `h100:6,node=2,nvlink=100GB/s,nic=10GB/s,latency.nvlink=1s,latency.nic=2s`;
        const topology = createTopology(
          parseCluster(`${text},efficiency.nvlink=1,efficiency.nic=1,${tier}=${rate}GB/s`),
        );
        const before = runCollective(of({ transfers }), toy).seconds;
        assert(runCollective(of({ transfers }), topology).seconds <= before * (1 + 1e-9));
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});
