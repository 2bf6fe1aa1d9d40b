import { assertAlmostEquals, assertEquals } from "@std/assert";
import { clusterPresets } from "../../../sim/cluster/presets.ts";
import { compileFabric } from "../../../sim/network/fabric.ts";
import { bareSoftware, fabricSoftware, softwareOf } from "../../../sim/network/software.ts";

const { h100, a100 } = clusterPresets;

Deno.test("a fabric without software is the links of its cluster", () => {
  const { tiers, launchSeconds } = compileFabric(h100, { software: bareSoftware });
  assertEquals(launchSeconds, 0);
  h100.tiers.forEach(({ link }, at) => {
    assertEquals(tiers[at].latencySeconds, link.latencySeconds);
    assertEquals(tiers[at].lowLatencySeconds, link.latencySeconds);
    assertEquals(
      tiers[at].bandwidthBytesPerSecond,
      link.bandwidthBytesPerSecond * link.efficiency,
    );
    assertEquals(tiers[at].reductionShare, 0);
  });
});

Deno.test("measured software stands in place of the preset's efficiency and latency", () => {
  const [nvlink] = compileFabric(h100).tiers;
  const law = softwareOf("h100")!.tiers[0];
  assertEquals(nvlink.latencySeconds, law.latencySeconds);
  assertEquals(nvlink.bandwidthBytesPerSecond, 450e9 * law.efficiency!);
});

Deno.test("what is set for one cluster stands above what was measured", () => {
  const [nvlink, rail] = h100.tiers;
  const slow = {
    ...h100,
    tiers: [nvlink, {
      ...rail,
      link: { ...rail.link, latencySeconds: 1, bandwidthBytesPerSecond: 8e9, efficiency: 0.5 },
    }],
  };
  const { tiers } = compileFabric(slow);
  assertEquals([tiers[1].latencySeconds, tiers[1].lowLatencySeconds], [1, 1]);
  assertEquals(tiers[1].bandwidthBytesPerSecond, 4e9);
  assertEquals(tiers[0], compileFabric(h100).tiers[0]);
});

Deno.test("a rate alone keeps the measured efficiency", () => {
  const [nvlink, rail] = a100.tiers;
  const link = { ...nvlink.link, bandwidthBytesPerSecond: 2 * nvlink.link.bandwidthBytesPerSecond };
  const twice = compileFabric({ ...a100, tiers: [{ ...nvlink, link }, rail] });
  assertAlmostEquals(
    twice.tiers[0].bandwidthBytesPerSecond / compileFabric(a100).tiers[0].bandwidthBytesPerSecond,
    2,
  );
});

Deno.test("the last tier's software stands for all further tiers", () => {
  const [nvlink, rail] = h100.tiers;
  const spine = { ...rail, name: "spine", span: 1024 };
  const { tiers } = compileFabric({ ...h100, devices: 1024, tiers: [nvlink, rail, spine] });
  assertEquals(tiers[2].sendShare, tiers[1].sendShare);
});

Deno.test("every cluster has at most one software, and every software names its sources", () => {
  const named = fabricSoftware.flatMap(({ clusters }) => clusters);
  assertEquals(named.length, new Set(named).size);
  for (const cluster of named) assertEquals(Object.hasOwn(clusterPresets, cluster), true, cluster);
  for (const { id, sources } of fabricSoftware) assertEquals(sources.length > 0, true, id);
});
