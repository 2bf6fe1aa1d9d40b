import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../kernels/base/errors.ts";
import { readCluster } from "../../../sim/cluster/check.ts";
import type { Cluster, Tier } from "../../../sim/cluster/cluster.ts";
import { computeFactor, linkFactor } from "../../../sim/cluster/faults.ts";
import { parseCluster } from "../../../sim/cluster/parse.ts";

const link = { latencySeconds: 1e-6, bandwidthBytesPerSecond: 1e9, efficiency: 1 };
const tier = (name: string, span: number, kind: "switch" | "rail" | "fat-tree"): Tier => ({
  name,
  span,
  fabric: { kind },
  link,
});
const base = parseCluster("h100:16");

function refused(change: Partial<Record<keyof Cluster, unknown>>, message: string): void {
  assertThrows(() => readCluster({ ...base, ...change }, "c.json"), UserError, message);
}

Deno.test("a cluster survives its JSON", () => {
  const cluster = parseCluster("gb300:128,slow.3=0.5,link.2.nvlink=0.5");
  assertEquals(readCluster(JSON.parse(JSON.stringify(cluster)), "c.json"), cluster);
});

Deno.test("fields out of range are named", () => {
  const negative = [{ ...tier("nvlink", 16, "switch"), link: { ...link, efficiency: 1.5 } }];
  refused({ tiers: negative }, "at /tiers/0/link/efficiency expected at most 1 but found 1.5");
  negative[0].link = { ...link, bandwidthBytesPerSecond: -1 };
  refused({ tiers: negative }, "at /tiers/0/link/bandwidthBytesPerSecond expected more than 0");
  refused({ devices: 0 }, "at /devices expected more than 0");
  refused({ tiers: [] }, "at /tiers");
  refused({ schema: 1 }, "at /schema");
  refused({ linkFaults: [{ rank: 0, tier: "rail", factor: 1.5 }] }, "at /linkFaults/0/factor");
});

Deno.test("tiers that do not fit around each other are refused", () => {
  refused({ tiers: [tier("a", 8, "switch"), tier("a", 16, "rail")] }, 'two tiers are called "a"');
  refused({ tiers: [tier("a", 8, "switch")] }, 'the last tier "a" spans 8 of 16 devices');
  refused(
    { tiers: [tier("a", 8, "switch"), tier("b", 12, "rail"), tier("c", 16, "fat-tree")] },
    'tier "b" spans 12 devices, wanted a multiple of the 8 of "a" inside it',
  );
  refused(
    { tiers: [tier("a", 8, "rail"), tier("b", 16, "switch")] },
    'tier "b" is a switch around the network "a", wanted "rail" or "fat-tree"',
  );
  refused(
    { tiers: [{ ...tier("a", 8, "switch"), usedSpan: 9 }, tier("b", 16, "rail")] },
    'tier "a" has 9 used of 8 devices',
  );
  refused(
    { tiers: [{ ...tier("ici", 16, "switch"), fabric: { kind: "torus", dims: [4, 3] } }] },
    'the torus "ici" of 4 x 3 has 12 places, wanted 16',
  );
});

Deno.test("faults of what is not there are refused", () => {
  refused({ slow: [{ rank: 16, factor: 0.5 }] }, "rank 16 is slow, wanted a rank below 16");
  refused({ slow: [{ node: 2, factor: 0.5 }] }, "node 2 is slow, wanted a node below 2");
  refused({ linkFaults: [{ rank: 16, tier: "rail", factor: 0 }] }, "is a link to nowhere");
  refused({ linkFaults: [{ rank: 1, tier: "rial", factor: 0 }] }, 'did you mean "rail"');
  const torus = { ...tier("ici", 16, "switch"), fabric: { kind: "torus", dims: [4, 4] } };
  const linkFaults = [{ rank: 1, tier: "ici", factor: 0 }];
  refused({ tiers: [torus], linkFaults }, "messages do not go around a place");
});

Deno.test("faults multiply, and only where they are", () => {
  const cluster = parseCluster("h100:16,slow.9=0.8,slow.node1=0.5,link.2.nvlink=0.5");
  assertEquals([0, 8, 9].map((rank) => computeFactor(rank, cluster)), [1, 0.5, 0.4]);
  assertEquals(linkFactor({ rank: 2, tier: "nvlink" }, cluster), 0.5);
  assertEquals(linkFactor({ rank: 2, tier: "rail" }, cluster), 1);
  assertEquals(linkFactor({ rank: 3, tier: "nvlink" }, cluster), 1);
});
