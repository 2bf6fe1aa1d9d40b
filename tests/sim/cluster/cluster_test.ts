import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../../kernels/base/config.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { clusterSchema, withDevice } from "../../../sim/cluster/cluster.ts";
import { parseCluster } from "../../../sim/cluster/parse.ts";
import { clusterPresets } from "../../../sim/cluster/presets.ts";
import { deviceProfile, deviceProfiles } from "../../../sim/cluster/profiles.ts";
import { devicesPerNode, nodeOf } from "../../../sim/cluster/tiers.ts";
import { allToAll } from "../../../sim/network/all_to_all.ts";

Deno.test("a cluster is named by its preset and its number of devices", () => {
  assertEquals(parseCluster("h100").devices, 8);
  assertEquals(devicesPerNode(parseCluster("gb200")), 72);
  const cluster = parseCluster("h100:20");
  assertEquals([cluster.devices, cluster.device], [20, "h100"]);
  assertEquals([0, 7, 8, 19].map((rank) => nodeOf(rank, cluster)), [0, 0, 1, 2]);
});

Deno.test("bad names and bad counts are the user's to mend", () => {
  assertThrows(() => parseCluster("h10"), UserError, 'Unknown cluster "h10": did you mean "h100"?');
  assertThrows(() => parseCluster("constructor:2"), UserError, "Unknown cluster");
  for (const count of ["0", "-1", "1.5", "", "x", "2:3", "1e3"]) {
    assertThrows(
      () => parseCluster(`h100:${count}`),
      UserError,
      `found "${count}" devices, wanted a whole number above 0, such as "h100:8"`,
    );
  }
});

Deno.test("every preset is one whole node of a known device, and says where it is from", () => {
  for (const [name, cluster] of Object.entries(clusterPresets)) {
    assertEquals(cluster.id, name);
    assertEquals(cluster.devices, name === "h20-nic" ? 8 : devicesPerNode(cluster), name);
    assert(name === "this" || cluster.device in deviceProfiles, `${name}: ${cluster.device}`);
    assert(cluster.sources.length > 0, name);
    for (const [at, { link }] of cluster.tiers.entries()) {
      const inner = cluster.tiers[at - 1]?.link ?? { bandwidthBytesPerSecond: Infinity };
      assert(link.bandwidthBytesPerSecond <= inner.bandwidthBytesPerSecond, name);
    }
  }
});

Deno.test("ports have the rates of the data sheets, in one direction", () => {
  const gigabytes = Object.fromEntries(
    Object.entries(clusterPresets).map(([name, cluster]) => {
      const [inner, ...outer] = cluster.tiers.map((t) => t.link.bandwidthBytesPerSecond / 1e9);
      return [name, [inner, outer.at(-1)]];
    }),
  );
  assertEquals(gigabytes, {
    "a100": [300, 25],
    "a100-40gb": [300, 25],
    "a100-pairwise": [300, 12.5],
    "a100-pcie": [30, 25],
    "b200": [900, 50],
    "b300": [900, 100],
    "gb200": [900, 50],
    "gb300": [900, 100],
    "h100": [450, 50],
    "h100-96gb": [450, 50],
    "h100-a3mega": [450, 25],
    "h100-pairwise": [300, 12.5],
    "h20": [450, 50],
    "h20-nic": [50, undefined],
    "h200": [450, 50],
    "h800": [200, 50],
    "this": [30, 12.5],
    "v100": [150, 12.5],
  });
});

Deno.test("a cluster of this device keeps its links and takes the profile's name", () => {
  const profile = { ...deviceProfile("h100"), id: "my-gpu" };
  const cluster = withDevice(parseCluster("this:4"), profile);
  assertEquals([cluster.device, cluster.devices], ["my-gpu", 4]);
  assertEquals(cluster.tiers.map((t) => t.link), clusterPresets.this.tiers.map((t) => t.link));
});

Deno.test("a wrong cluster file names the field", () => {
  const wrong = { ...parseCluster("h100"), devices: 2.5 };
  assertThrows(() => parseConfig(clusterSchema, wrong, "c.json"), UserError, "/devices");
});

Deno.test("exchanges among H100 and GB200 are near their published times", () => {
  // arXiv 2603.07685, Table 7: 4096 tokens of width 7168 in bf16 to 8 experts each, evenly.
  const published = {
    "h100:16": 5774e-6,
    "h100:64": 9164e-6,
    "gb200:8": 735e-6,
    "gb200:64": 930e-6,
  };
  for (const [name, seconds] of Object.entries(published)) {
    const cluster = parseCluster(name);
    const bytes = 4096 * 7168 * 2 * 8 / cluster.devices;
    const bytes_RR = Array.from(
      { length: cluster.devices },
      () => new Array<number>(cluster.devices).fill(bytes),
    );
    const error = allToAll(bytes_RR, cluster).seconds_R[0] / seconds - 1;
    assert(Math.abs(error) < 0.08, `${name}: ${error}`);
  }
});
