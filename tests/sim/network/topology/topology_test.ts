import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UserError } from "../../../../kernels/base/errors.ts";
import { readCluster } from "../../../../sim/cluster/check.ts";
import type { Cluster, Tier } from "../../../../sim/cluster/cluster.ts";
import { parseCluster } from "../../../../sim/cluster/parse.ts";
import { createTopology, type Topology } from "../../../../sim/network/topology/topology.ts";

const names = (topology: Topology, from: number, to: number) =>
  topology.route(from, to).links.map(topology.nameOf);
const way = (text: string, from: number, to: number) =>
  names(createTopology(parseCluster(text)), from, to);

const link = { latencySeconds: 1e-6, bandwidthBytesPerSecond: 8, efficiency: 1 };
function toy(devices: number, tiers: Tier[], more: Partial<Cluster> = {}): Topology {
  const cluster = { schema: 2, id: "toy", description: "", device: "toy", sources: [], devices };
  return createTopology(readCluster({ ...cluster, tiers, ...more }, "toy"));
}

Deno.test("each tier has ports of its own, the network one card", () => {
  assertEquals(way("a100-pairwise:8,oversubscription=1", 0, 1), [
    "nvlink up of rank 0",
    "nvlink down of rank 1",
  ]);
  assertEquals(way("a100-pairwise:8,oversubscription=1", 0, 3), [
    "pcie up of rank 0",
    "pcie down of rank 3",
  ]);
  assertEquals(way("a100-pairwise:8,oversubscription=1", 0, 5), [
    "nic up of rank 0",
    "nic down of rank 5",
  ]);
  const { route } = createTopology(parseCluster("h100:16,latency.nic=5us,latency.nvlink=2us"));
  assertEquals([route(0, 1), route(0, 9), route(3, 3)].map((r) => r.latencySeconds), [
    2e-6,
    5e-6,
    0,
  ]);
});

Deno.test("capacities are bandwidth times efficiency times what faults leave", () => {
  const topology = createTopology(
    parseCluster("h100:16,nic=10GB/s,efficiency.nic=0.5,link.9.nic=0.1,oversubscription=4"),
  );
  const { capacities, route } = topology;
  assertEquals([...route(0, 9).links].map((id) => capacities[id]), [5e9, 2.5e9, 2.5e9, 5e8]);
});

Deno.test("oversubscription binds between nodes of a fat tree and between rails", () => {
  assertEquals(way("h100-a3mega:16,oversubscription=2", 0, 8), [
    "nic up of rank 0",
    "nic up of part 0",
    "nic down of part 1",
    "nic down of rank 8",
  ]);
  assertEquals(way("h100:16,oversubscription=2", 0, 8), ["nic up of rank 0", "nic down of rank 8"]);
  assertEquals(way("h100:16,oversubscription=2", 0, 9), [
    "nic up of rank 0",
    "rail up of rail 0",
    "rail down of rail 1",
    "nic down of rank 9",
  ]);
});

Deno.test("layers of switches are climbed as far as needed", () => {
  const fat = (name: string, span: number, oversubscription: number): Tier => ({
    name,
    span,
    fabric: { kind: "fat-tree", oversubscription },
    link,
  });
  const topology = toy(16, [
    { name: "nvlink", span: 2, fabric: { kind: "switch" }, link },
    fat("leaf", 4, 2),
    fat("spine", 16, 4),
  ]);
  assertEquals(names(topology, 0, 2), [
    "nic up of rank 0",
    "leaf up of part 0",
    "leaf down of part 1",
    "nic down of rank 2",
  ]);
  const far = topology.route(0, 15).links;
  assertEquals(far.map(topology.nameOf), [
    "nic up of rank 0",
    "leaf up of part 0",
    "spine up of part 0",
    "spine down of part 3",
    "leaf down of part 7",
    "nic down of rank 15",
  ]);
  assertEquals(far.map((id) => topology.capacities[id]), [8, 8, 8, 8, 8, 8]);
});

const ring = (places: number) =>
  toy(places, [{ name: "ici", span: places, fabric: { kind: "torus", dims: [places] }, link }]);

Deno.test("a torus is crossed dimension by dimension, the shorter way around", () => {
  const topology = toy(12, [
    { name: "ici", span: 12, fabric: { kind: "torus", dims: [4, 3] }, link },
  ]);
  // From (0, 0) to (3, 2): one down in each dimension.
  assertEquals(names(topology, 0, 11), [
    "ici - in dimension 0 of place 0",
    "ici - in dimension 1 of place 3",
  ]);
  // Half way around: even places go up, odd ones down.
  assertEquals(names(ring(4), 0, 2), [
    "ici + in dimension 0 of place 0",
    "ici + in dimension 0 of place 1",
  ]);
  assertEquals(names(ring(4), 1, 3), [
    "ici - in dimension 0 of place 1",
    "ici - in dimension 0 of place 0",
  ]);
  // Four cables share the rate of the device.
  assert(topology.capacities.every((capacity) => capacity === 2));
});

Deno.test("ways in a torus arrive, and are as short as they can be", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.nat(),
      (dims, a, b) => {
        const places = dims.reduce((product, n) => product * n, 1);
        const [from, to] = [a % places, b % places];
        const topology = toy(places, [
          { name: "ici", span: places, fabric: { kind: "torus", dims }, link },
        ]);
        let [x, y, hops] = [from, to, 0];
        for (const n of dims) {
          const apart = Math.abs(x % n - y % n);
          hops += Math.min(apart, n - apart);
          [x, y] = [Math.floor(x / n), Math.floor(y / n)];
        }
        const { links } = topology.route(from, to);
        assertEquals(new Set(links).size, hops);
        assertEquals(links.length, hops);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("messages go around a failed port while there is a way", () => {
  // A failed card: past the neighbour's.
  assertEquals(way("h100:16,link.0.nic=0", 0, 8), [
    "nvlink up of rank 0",
    "nvlink down of rank 1",
    "nic up of rank 1",
    "nic down of rank 8",
  ]);
  // A failed port inside: over the network.
  assertEquals(way("h100:16,link.0.nvlink=0", 1, 0), ["nic up of rank 1", "nic down of rank 0"]);
  const cut = createTopology(parseCluster("h100:16,link.0.nvlink=0,link.0.nic=0"));
  const message = "Cannot send from rank 0 to rank 8";
  assertThrows(() => cut.route(0, 8), UserError, message);
  assertThrows(() => cut.route(8, 0), UserError, "every port between them has failed");
  assertEquals(names(cut, 1, 8), ["nic up of rank 1", "nic down of rank 8"]);
  assertThrows(() => cut.route(0, 16), RangeError, "wanted ranks from 0 to 15");
});

Deno.test("the way back uses the other direction of every link", () => {
  const topology = createTopology(parseCluster("a100-pairwise:23,link.5.nic=0"));
  fc.assert(
    fc.property(fc.nat(22), fc.nat(22), (a, b) => {
      const turned = names(topology, b, a).map((name) =>
        name.includes(" up ") ? name.replace(" up ", " down ") : name.replace(" down ", " up ")
      );
      assertEquals(turned.toReversed(), names(topology, a, b));
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("a cluster of 16,384 devices lists no ways", () => {
  const topology = createTopology(parseCluster("h100:16384"));
  assertEquals(topology.capacities.length, 4 * 16384);
  assertEquals(topology.route(5, 16383).links.length, 2);
});
