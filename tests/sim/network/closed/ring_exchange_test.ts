import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { groupAt } from "../../../../sim/network/closed/group.ts";
import { allGatherSeconds } from "../../../../sim/network/closed/gather.ts";
import {
  ringExchangeSeconds,
  ringStepSeconds,
} from "../../../../sim/network/closed/ring_exchange.ts";
import { bytesOfRanks } from "../../../../sim/network/collectives/collective.ts";
import { ringExchange } from "../../../../sim/network/collectives/ring.ts";
import { fabric, nodes, tier } from "./fabrics.ts";

Deno.test("within a domain a step is a message over its links", () => {
  assertEquals(ringStepSeconds(100, { ranks: 8, perDomain: 8 }, nodes), 1 + 100 / 100);
  assertEquals(ringExchangeSeconds(100, { ranks: 8, perDomain: 8 }, nodes), 7 * 2);
});

Deno.test("across domains every step waits for the one message between them", () => {
  const group = { ranks: 16, perDomain: 8 };
  // 15 steps of 100 bytes over a port of 10 bytes a second, where rings through all ports take 29.75 s.
  assertEquals(ringExchangeSeconds(100, group, nodes), 15 * (5 + 100 / 10));
  assertEquals(allGatherSeconds(1600, group, nodes), 13 * 1 + 2 * 5 + 1500 / 80);
});

Deno.test("a ring crosses only tiers where neighbours meet", () => {
  const deep = fabric(tier(4, 100, 1), tier(16, 50, 2), tier(64, 10, 50));
  const step = (ranks: number, stride: number) =>
    ringStepSeconds(100, groupAt(deep, { ranks, stride }), deep);
  assertEquals([step(4, 1), step(8, 1), step(32, 1)], [1 + 1, 2 + 2, 50 + 10]);
  // One member a domain: no step stays inside.
  assertEquals([step(4, 4), step(4, 16)], [2 + 2, 50 + 10]);
});

Deno.test("a thin tier carries one message of each ring of a domain", () => {
  const thin = fabric(tier(8, 100, 0), { ...tier(64, 10, 0), oversubscription: 4 });
  const step = (ranks: number, stride: number) =>
    ringStepSeconds(100, groupAt(thin, { ranks, stride }), thin);
  // One ring of a domain leaves by one port of eight, two by two; then eight by all.
  assertEquals([step(16, 1), step(8, 2), step(2, 8)], [10, 10, 40]);
  assertEquals(step(4, 4), 20);
});

Deno.test("messages go at their own rate and protocol, and one rank sends none", () => {
  const sends = {
    ...tier(8, 100, 10),
    sendShare: 0.5,
    lowLatencySeconds: 1,
    lowLatencyShare: 0.25,
  };
  const launched = { ...fabric(sends), sendLaunchSeconds: 3 };
  const two = { ranks: 2, perDomain: 2 };
  assertAlmostEquals(ringStepSeconds(2000, two, launched), 3 + 10 + 2000 / 50, 1e-12);
  assertAlmostEquals(ringStepSeconds(2, two, launched), 3 + 1 + 2 / 50 / 0.25, 1e-12);
  assertEquals(ringStepSeconds(2000, { ranks: 1, perDomain: 1 }, launched), 0);
  assertEquals(ringExchangeSeconds(0, two, launched), 0);
});

Deno.test("what goes around is with all ranks after n - 1 steps, each of all it is", () => {
  const { rounds } = ringExchange([0, 1, 2, 3], 100);
  assertEquals(rounds.map(({ times }) => times), [3]);
  const { sent, received } = bytesOfRanks({ name: "", rounds });
  assertEquals([sent.get(3), received.get(0)], [300, 300]);
  assertThrows(() => ringExchange([0, 1, 1], 100), RangeError, "each rank once");
});
