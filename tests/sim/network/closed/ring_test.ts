import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  allGatherSeconds,
  broadcastSeconds,
  reduceScatterSeconds,
} from "../../../../sim/network/closed/gather.ts";
import { groupAt, membersInTier, outerTier } from "../../../../sim/network/closed/group.ts";
import { sendOverSeconds, sendSeconds } from "../../../../sim/network/closed/send.ts";
import { fabric, nodes, tier } from "./fabrics.ts";

Deno.test("members by tier follow from two numbers", () => {
  const deep = fabric(tier(4, 1, 0), tier(16, 1, 0), tier(64, 1, 0));
  const group = groupAt(deep, { ranks: 16, stride: 2 });
  assertEquals(group.perDomain, 2);
  assertEquals([0, 1, 2].map((at) => membersInTier(group, at, deep)), [2, 8, 16]);
  assertEquals(outerTier({ ranks: 4, perDomain: 4 }, deep), 0);
  assertEquals(outerTier({ ranks: 8, perDomain: 2, stride: 2 }, deep), 1);
  assertEquals(outerTier({ ranks: 4, perDomain: 1, stride: 16 }, deep), 2);
});

Deno.test("a ring in a domain takes n - 1 steps with an n-th of the bytes each", () => {
  assertEquals(allGatherSeconds(800, { ranks: 8, perDomain: 8 }, nodes), 7 * (1 + 100 / 100));
  assertEquals(reduceScatterSeconds(400, { ranks: 4, perDomain: 4 }, nodes), 3 * (1 + 100 / 100));
  assertEquals(broadcastSeconds(800, { ranks: 8, perDomain: 8 }, nodes), 7 + 8);
});

Deno.test("a ring over one member a domain leaves by one port", () => {
  assertEquals(allGatherSeconds(400, { ranks: 4, perDomain: 1 }, nodes), 3 * (5 + 100 / 10));
});

Deno.test("the ports of a domain's members carry rings side by side", () => {
  // 16 ranks in two domains: 15 steps, two of them between the domains; 8 ports of 10 bytes a second.
  assertAlmostEquals(
    allGatherSeconds(1600, { ranks: 16, perDomain: 8 }, nodes),
    13 * 1 + 2 * 5 + 1500 / 80,
  );
  const shared = allGatherSeconds(1600, { ranks: 16, perDomain: 8, sharing: 2 }, nodes);
  assertAlmostEquals(shared, 13 * 1 + 2 * 5 + 1500 / 40);
});

Deno.test("an oversubscribed tier slows rings as much", () => {
  const thin = fabric(tier(8, 100, 0), { ...tier(64, 10, 0), oversubscription: 4 });
  assertAlmostEquals(allGatherSeconds(1600, { ranks: 16, perDomain: 8 }, thin), 1500 / 20);
});

Deno.test("small messages take the short steps of the low-latency protocol", () => {
  const both = { ...tier(8, 100, 10), lowLatencySeconds: 1, lowLatencyShare: 0.25 };
  const group = { ranks: 2, perDomain: 2 };
  assertEquals(allGatherSeconds(2, group, fabric(both)), 1 + 1 / 25);
  assertEquals(allGatherSeconds(2000, group, fabric(both)), 10 + 1000 / 100);
  assertEquals(sendSeconds(1, true, fabric(both)), 1 + 1 / 25);
});

Deno.test("a message takes the tier in which its ends meet", () => {
  assertEquals(sendSeconds(100, true, nodes), 1 + 1);
  assertEquals(sendSeconds(100, false, nodes), 5 + 10);
  assertEquals(sendOverSeconds(100, 1, nodes), 15);
  assertEquals(sendSeconds(0, false, nodes), 0);
});

Deno.test("one rank and no bytes take no time, and more bytes are never faster", () => {
  assertEquals(allGatherSeconds(100, { ranks: 1, perDomain: 1 }, nodes), 0);
  assertEquals(allGatherSeconds(0, { ranks: 8, perDomain: 8 }, nodes), 0);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.integer({ min: 0, max: 1e9 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 3 }),
      (bytes, more, log2Ranks, log2Stride) => {
        const group = groupAt(nodes, { ranks: 2 ** log2Ranks, stride: 2 ** log2Stride });
        assert(
          allGatherSeconds(bytes + more, group, nodes) >= allGatherSeconds(bytes, group, nodes),
        );
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});
