import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UserError } from "../../../kernels/base/errors.ts";
import { parseCluster, withDevices } from "../../../sim/cluster/parse.ts";
import { clusterPresets } from "../../../sim/cluster/presets.ts";
import { readNumber, readQuantity } from "../../../sim/cluster/quantity.ts";

const tier = (text: string, name: string) =>
  parseCluster(text).tiers.find((tier) => tier.name === name)!;

Deno.test("quantities have units, of bits and of bytes", () => {
  assertEquals(readQuantity("400Gb/s", "bandwidth"), 50e9);
  assertEquals(readQuantity("450GB/s", "bandwidth"), 450e9);
  assertEquals(readQuantity("1.8TB/s", "bandwidth"), 1.8e12);
  assertEquals(readQuantity("2.5e2MB/s", "bandwidth"), 250e6);
  assertEquals(readQuantity("10us", "time"), 1e-5);
  assertEquals(readNumber("0.8", { low: 0, high: 1 }), 0.8);
  for (const text of ["400", "Gb/s", "-4GB/s", "0GB/s", "4 GB", "4us", "", "NaNGB/s", "4gb/s"]) {
    assertThrows(() => readQuantity(text, "bandwidth"), UserError, `Cannot read "${text}" as a`);
  }
  for (const text of ["", "x", "-1", "2", "0.5"]) {
    const wanted = "wanted a whole number from 0 to 1";
    assertThrows(() => readNumber(text, { low: 0, high: 1, whole: true }), UserError, wanted);
  }
});

Deno.test("settings change the tier that they name, and nothing else", () => {
  const plain = parseCluster("h100:64");
  const set = parseCluster(
    "h100:64, nvlink=400GB/s, nic=200Gb/s, latency.nic=10us, oversubscription=2, sharp.nvlink=1",
  );
  assertEquals(set.tiers, [
    {
      ...plain.tiers[0],
      link: { ...plain.tiers[0].link, bandwidthBytesPerSecond: 400e9 },
      sharpReduction: true,
    },
    {
      ...plain.tiers[1],
      fabric: { kind: "rail", oversubscription: 2 },
      link: { ...plain.tiers[1].link, bandwidthBytesPerSecond: 25e9, latencySeconds: 1e-5 },
    },
  ]);
  assertEquals({ ...set, tiers: plain.tiers }, plain);
  assertEquals(tier("h100:64,node=4", "nvlink").span, 4);
  assertEquals(tier("h100:64,efficiency.nvlink=0.5", "nvlink").link.efficiency, 0.5);
  assertEquals(tier("gb200:144,node=36", "nvlink").usedSpan, undefined);
  assertEquals(tier("a100-pairwise:8,nic=10Gb/s", "nic").link.bandwidthBytesPerSecond, 1.25e9);
});

Deno.test("faults are said by rank, by node and by port", () => {
  const cluster = parseCluster("h100:16,slow.3=0.8,slow.node1=0.5,slow.rank4=2,link.5.nic=0");
  assertEquals(cluster.slow, [
    { rank: 3, factor: 0.8 },
    { node: 1, factor: 0.5 },
    { rank: 4, factor: 2 },
  ]);
  assertEquals(cluster.linkFaults, [{ rank: 5, tier: "rail", factor: 0 }]);
});

Deno.test("what cannot be read says what would do", () => {
  const refused = (text: string, message: string) =>
    assertThrows(() => parseCluster(text), UserError, message);
  refused("h100:8,nvlnk=1GB/s", 'Unknown setting "nvlnk": did you mean "nvlink"?');
  refused("h100:8,latency.nik=1us", 'Unknown tier "nik": did you mean "nic"?');
  refused("h100:8,latncy.nic=1us", 'Unknown setting "latncy.nic": did you mean "latency"?');
  refused("h100:8,nic", 'found "nic", wanted NAME=VALUE, such as "nic=400Gb/s"');
  refused("h100:8,nic=1=2", 'found "nic=1=2", wanted NAME=VALUE');
  refused("h100:8,nic=-400Gb/s", 'Cannot read "-400Gb/s" as a bandwidth: wanted a number above 0');
  refused("h100:8,oversubscription=0.5", 'Cannot read "0.5": wanted a number from 1 on');
  refused("h100:8,slow.8=0.5", "rank 8 is slow, wanted a rank below 8");
  refused("h100:8,slow.node1=0.5", "node 1 is slow, wanted a node below 1");
  refused("h100:8,slow.x=0.5", 'Cannot read "x": wanted a whole number from 0 on');
  refused("h100:8,link.9.nic=0", "the rail of rank 9 is a link to nowhere, wanted a rank below 8");
  refused("h100:8,link.1.pcie=0", 'Unknown tier "pcie"');
  refused("h20-nic:8,node=4", "it has a network alone");
  refused("h100:8,node=0", "wanted a whole number from 1 on");
});

Deno.test("the last tier spans all devices, and at least one domain of the tier inside", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(clusterPresets)),
      fc.integer({ min: 1, max: 20_000 }),
      (name, devices) => {
        const { tiers } = parseCluster(`${name}:${devices}`);
        const outer = tiers[tiers.length - 1].span;
        assertEquals(outer, Math.max(devices, tiers[tiers.length - 2]?.span ?? 1));
        assertEquals(withDevices(parseCluster(name), devices).tiers, tiers);
      },
    ),
    { seed: 1, numRuns: 50 },
  );
});
