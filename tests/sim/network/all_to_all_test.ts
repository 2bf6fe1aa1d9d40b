import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Cluster } from "../../../sim/cluster/cluster.ts";
import { allToAll } from "../../../sim/network/all_to_all.ts";
import { effectiveBandwidth, messageSeconds } from "../../../sim/network/link.ts";

/** Nodes of two; NVLink moves 100 B/s after 1 s, the network 10 B/s after 2 s. */
function cluster(devices: number, devicesPerNode = 2, faster = 1): Cluster {
  return {
    schema: 2,
    id: "toy",
    description: "",
    device: "toy",
    devices,
    tiers: [
      {
        name: "nvlink",
        span: devicesPerNode,
        fabric: { kind: "switch" },
        link: { latencySeconds: 1, bandwidthBytesPerSecond: 200 * faster, efficiency: 0.5 },
      },
      {
        name: "nic",
        span: Math.max(devices, devicesPerNode),
        fabric: { kind: "fat-tree" },
        link: { latencySeconds: 2, bandwidthBytesPerSecond: 10 * faster, efficiency: 1 },
      },
    ],
    sources: [],
  };
}

const full = (ranks: number, bytes: number) =>
  Array.from({ length: ranks }, () => new Array<number>(ranks).fill(bytes));

const matrix = fc.integer({ min: 1, max: 6 }).chain((ranks) =>
  fc.array(fc.array(fc.nat(1000), { minLength: ranks, maxLength: ranks }), {
    minLength: ranks,
    maxLength: ranks,
  })
);

Deno.test("a message takes latency and bytes over bandwidth, and nothing takes nothing", () => {
  const link = { latencySeconds: 1, bandwidthBytesPerSecond: 200, efficiency: 0.5 };
  assertEquals(effectiveBandwidth(link), 100);
  assertEquals(messageSeconds(300, link), 4);
  assertEquals(messageSeconds(0, link), 0);
});

Deno.test("a balanced exchange in a node is the closed form", () => {
  const [ranks, bytes] = [8, 50];
  const { seconds_R } = allToAll(full(ranks, bytes), cluster(ranks, 8));
  for (const seconds of seconds_R) assertAlmostEquals(seconds, 1 + (ranks - 1) * bytes / 100, 1e-9);
});

Deno.test("a balanced exchange over nodes is the closed form of the slower tier", () => {
  const { seconds_R, sentBytes_R } = allToAll(full(6, 50), cluster(6, 2));
  for (const seconds of seconds_R) assertAlmostEquals(seconds, 2 + 4 * 50 / 10, 1e-9);
  assertEquals(sentBytes_R, new Array(6).fill(250));
});

Deno.test("the busier direction of a port counts, and so does the slower tier", () => {
  // Ranks 0 and 1 share a node, rank 2 is alone on the next.
  const bytes_RR = [
    [999, 400, 0],
    [100, 0, 30],
    [0, 20, 0],
  ];
  const { seconds_R, sentBytes_R, receivedBytes_R } = allToAll(bytes_RR, cluster(3));
  // 0: NVLink out 400, in 100 -> 1 + 4. 1: NVLink 5, network out 30, in 20 -> 2 + 3. 2: the same 5.
  assertEquals(seconds_R, [5, 5, 5]);
  assertEquals(sentBytes_R, [400, 130, 20]);
  assertEquals(receivedBytes_R, [100, 420, 30]);
});

Deno.test("what a rank keeps for itself uses no link", () => {
  const { seconds_R, sentBytes_R } = allToAll([[7, 0], [0, 9]], cluster(2));
  assertEquals([seconds_R, sentBytes_R], [[0, 0], [0, 0]]);
  assertEquals(allToAll([[5]], cluster(1)).seconds_R, [0]);
});

Deno.test("what is sent is received", () => {
  fc.assert(fc.property(matrix, (bytes_RR) => {
    const { sentBytes_R, receivedBytes_R } = allToAll(bytes_RR, cluster(bytes_RR.length));
    const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
    const remote = sum(bytes_RR.map((row, r) => sum(row) - row[r]));
    assertEquals([sum(sentBytes_R), sum(receivedBytes_R)], [remote, remote]);
  }));
});

Deno.test("more bytes are never faster", () => {
  fc.assert(fc.property(matrix, fc.nat(35), fc.nat(500), (bytes_RR, at, more) => {
    const ranks = bytes_RR.length;
    const [source, destination] = [Math.floor(at / 6) % ranks, at % ranks];
    const raised = bytes_RR.map((row) => [...row]);
    raised[source][destination] += more;
    const before = allToAll(bytes_RR, cluster(ranks)).seconds_R;
    allToAll(raised, cluster(ranks)).seconds_R.forEach((seconds, r) =>
      assert(seconds >= before[r])
    );
  }));
});

Deno.test("renaming the ranks of a node renames the times", () => {
  fc.assert(fc.property(matrix, fc.infiniteStream(fc.nat()), (bytes_RR, stream) => {
    const ranks = bytes_RR.length;
    const keys = bytes_RR.map(() => stream.next().value as number);
    const order = bytes_RR.map((_, r) => r).sort((a, b) => keys[a] - keys[b]);
    const renamed = order.map((a) => order.map((b) => bytes_RR[a][b]));
    const one = cluster(ranks, 6);
    const times = allToAll(bytes_RR, one).seconds_R;
    assertEquals(allToAll(renamed, one).seconds_R, order.map((r) => times[r]));
  }));
});

Deno.test("twice the bandwidth halves the time beyond the latency", () => {
  const bytes_RR = full(6, 50);
  const slow = allToAll(bytes_RR, cluster(6)).seconds_R[0];
  const fast = allToAll(bytes_RR, cluster(6, 2, 2)).seconds_R[0];
  assertAlmostEquals(fast - 2, (slow - 2) / 2, 1e-9);
});

Deno.test("matrices that are no exchange are refused", () => {
  assertThrows(() => allToAll(full(3, 1), cluster(2)), RangeError, "3 rows on 2 devices");
  assertThrows(() => allToAll([[0, 1], [1]], cluster(2)), RangeError, "square");
  assertThrows(() => allToAll([[0, -1], [1, 0]], cluster(2)), RangeError, "Cannot send -1 bytes");
  assertThrows(() => allToAll([[NaN]], cluster(1)), RangeError, "Cannot send NaN bytes");
});
