import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseCluster } from "../../../sim/cluster/parse.ts";
import {
  devicesPerNode,
  domainOf,
  interNodeLink,
  intraNodeLink,
  membersInDomain,
  nodeOf,
  nodeTier,
  ranksOfGroup,
  rankSpans,
  spreadOf,
  tierBetween,
} from "../../../sim/cluster/tiers.ts";

Deno.test("tiers of a machine in three levels", () => {
  const cluster = parseCluster("a100-pairwise:16");
  assertEquals(rankSpans(cluster), [2, 4, 16]);
  assertEquals([1, 2, 4].map((rank) => tierBetween(0, rank, cluster)), [0, 1, 2]);
  assertEquals([devicesPerNode(cluster), nodeTier(cluster), nodeOf(7, cluster)], [4, 1, 1]);
  assertEquals(domainOf(7, 0, cluster), 3);
  assertEquals(intraNodeLink(cluster), cluster.tiers[1].link);
  assertEquals(interNodeLink(cluster), cluster.tiers[2].link);
});

Deno.test("a device with the network alone is a node", () => {
  const cluster = parseCluster("h20-nic:16");
  assertEquals([nodeTier(cluster), devicesPerNode(cluster), nodeOf(3, cluster)], [-1, 1, 3]);
  assertEquals(intraNodeLink(cluster), interNodeLink(cluster));
});

Deno.test("a rack is full where whole racks are, else as full as its groups", () => {
  const spans = (text: string) => rankSpans(parseCluster(text));
  assertEquals(spans("gb200:64"), [72, 72]);
  assertEquals(spans("gb200:72"), [72, 72]);
  assertEquals(spans("gb200:128"), [64, 128]);
  assertEquals(spans("gb200:144"), [72, 144]);
  assertEquals(nodeOf(64, parseCluster("gb200:256")), 1);
});

Deno.test("domains around a rack that is not full shrink with it", () => {
  const { tiers, ...rest } = parseCluster("gb200:512");
  const leaf = { ...tiers[1], name: "leaf", span: 288, fabric: { kind: "fat-tree" } as const };
  assertEquals(rankSpans({ ...rest, tiers: [tiers[0], leaf, tiers[1]] }), [64, 256, 512]);
});

Deno.test("groups at equal distances lie over domains", () => {
  const cluster = parseCluster("h100:64");
  assertEquals(ranksOfGroup({ size: 3, stride: 4, first: 2 }), [2, 6, 10]);
  const most = (size: number, stride: number) => membersInDomain({ size, stride }, 0, cluster);
  assertEquals([most(8, 1), most(16, 2), most(8, 8), most(4, 16)], [8, 4, 1, 1]);
  assertEquals(spreadOf({ size: 12, stride: 1 }, 0, cluster), { domains: 2, most: 8, least: 4 });
});

Deno.test("two ranks meet in the innermost domain that has both", () => {
  const cluster = parseCluster("a100-pairwise:37");
  const rank = fc.nat(36);
  fc.assert(
    fc.property(rank, rank, (a, b) => {
      const tier = tierBetween(a, b, cluster);
      assertEquals(domainOf(a, tier, cluster), domainOf(b, tier, cluster));
      assert(tier === 0 || domainOf(a, tier - 1, cluster) !== domainOf(b, tier - 1, cluster));
      assertEquals(tierBetween(b, a, cluster), tier);
    }),
    { seed: 1, numRuns: 200 },
  );
  assertThrows(() => tierBetween(0, 37, cluster), RangeError, "wanted ranks below 37");
});
