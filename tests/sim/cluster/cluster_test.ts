import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../../kernels/base/config.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { clusterSchema, nodeOf, withDevice } from "../../../sim/cluster/cluster.ts";
import { clusterPresets, parseCluster } from "../../../sim/cluster/presets.ts";
import { deviceProfile, deviceProfiles } from "../../../sim/cluster/profiles.ts";
import { allToAll } from "../../../sim/network/all_to_all.ts";

Deno.test("a cluster is named by its preset and its number of devices", () => {
  assertEquals(parseCluster("h100").devices, 8);
  assertEquals(parseCluster("gb200").devicesPerNode, 72);
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

Deno.test("every preset is one whole domain of a known device, and says where it is from", () => {
  for (const [name, cluster] of Object.entries(clusterPresets)) {
    assertEquals([cluster.id, cluster.devices], [name, cluster.devicesPerNode]);
    assert(name === "this" || cluster.device in deviceProfiles, name);
    assert(cluster.sources.length > 0, name);
    const { intraNode, interNode } = cluster.links;
    assert(intraNode.bandwidthBytesPerSecond > interNode.bandwidthBytesPerSecond, name);
    assert(intraNode.latencySeconds < interNode.latencySeconds, name);
  }
});

Deno.test("a cluster of this device keeps its links and takes the profile's name", () => {
  const profile = { ...deviceProfile("h100"), id: "my-gpu" };
  const cluster = withDevice(parseCluster("this:4"), profile);
  assertEquals([cluster.device, cluster.devices], ["my-gpu", 4]);
  assertEquals(cluster.links, clusterPresets.this.links);
});

Deno.test("a wrong cluster file names the field", () => {
  const wrong = { ...parseCluster("h100"), devices: 2.5 };
  assertThrows(() => parseConfig(clusterSchema, wrong, "c.json"), UserError, "/devices");
});

Deno.test("profiles are published devices with vendor peaks in order and sane laws", () => {
  assertEquals(Object.keys(deviceProfiles), ["a100", "b200", "gb200", "h100", "h200", "h800"]);
  assertThrows(() => deviceProfile("h2000"), UserError, 'did you mean "h200"');
  for (const [id, profile] of Object.entries(deviceProfiles)) {
    assertEquals([profile.id, profile.kind], [id, "published"]);
    assert(profile.sources.length >= 2, id);
    const { f32, bf16, f16, fp8, fp4 } = profile.peakFlopsPerSecond;
    assert(f32! < bf16! && bf16 === f16, id);
    // fp8 doubles bf16 to the rounding of the data sheets.
    if (fp8) assertAlmostEquals(fp8 / bf16!, 2, 0.001, id);
    if (fp4) assertEquals(fp4, 2 * fp8!, id);
    for (const law of [profile.law, ...Object.values(profile.laws)]) {
      assert(law.computeEfficiency > 0.3 && law.computeEfficiency < 1, id);
      assert(law.memoryEfficiency > 0.3 && law.memoryEfficiency < 1, id);
    }
  }
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
