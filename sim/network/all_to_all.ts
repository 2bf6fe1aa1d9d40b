/**
 * All-to-all with uneven messages, by the ports of each device.
 *
 * Every device has one port a direction at each scale-up tier and one network card, which all tiers
 * of the network share. Sending and receiving go on at the same time, and so do the ports. A port
 * is shared by all messages that pass it, so a rank is done with a tier after
 *
 *     latency + max(bytes sent, bytes received) / effective bandwidth
 *
 * and with the exchange when it is done with the slowest tier. On a card the bytes of a tier and of
 * those around it count together; where a tier is oversubscribed each rank has its share of what
 * crosses it. Bytes for the rank itself use no link.
 *
 * What this leaves out: messages are packed perfectly, with no port idle while its peer is busy
 * elsewhere, and a rank has no more than its share of an oversubscribed tier while others leave
 * theirs idle. It is thus a lower bound of a direct exchange where nothing is oversubscribed, and
 * exact for a balanced one; the link's efficiency, which is taken from measured exchanges, covers
 * the rest. It starts when all ranks have arrived.
 *
 * @module
 */
import type { Cluster } from "../cluster/cluster.ts";
import { linkFactor } from "../cluster/faults.ts";
import { isNetwork, rankSpans } from "../cluster/tiers.ts";
import { effectiveBandwidth } from "./link.ts";

/** What an exchange takes, by rank. */
export interface Exchange {
  /** Seconds until the rank has sent and received everything. */
  seconds_R: number[];
  /** Bytes that the rank puts on links. */
  sentBytes_R: number[];
  /** Bytes that the rank gets over links. */
  receivedBytes_R: number[];
}

/**
 * Time of an all-to-all: `bytes_RR[source][destination]` over the first ranks of a cluster.
 *
 * @throws {RangeError} for a matrix that is not square, wider than the cluster, or negative.
 *
 * @example
 * ```ts
 * import { allToAll, parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const { seconds_R, sentBytes_R } = allToAll([[5, 3], [0, 9]], parseCluster("h100:2"));
 * assertEquals(sentBytes_R, [3, 0]);
 * assertEquals(seconds_R[0], seconds_R[1]);
 * ```
 */
export function allToAll(bytes_RR: readonly (readonly number[])[], cluster: Cluster): Exchange {
  const ranks = bytes_RR.length;
  if (ranks > cluster.devices || bytes_RR.some((row) => row.length !== ranks)) {
    throw new RangeError(
      `Cannot exchange a matrix of ${ranks} rows on ${cluster.devices} devices: ` +
        `wanted a square matrix of at most as many ranks`,
    );
  }
  const spans = rankSpans(cluster);
  const zeros = () => new Float64Array(ranks);
  const sent = spans.map(zeros);
  const received = spans.map(zeros);
  for (let source = 0; source < ranks; source++) {
    for (let destination = 0; destination < ranks; destination++) {
      const bytes = bytes_RR[source][destination];
      if (!(bytes >= 0)) {
        throw new RangeError(`Cannot send ${bytes} bytes from rank ${source} to ${destination}`);
      }
      if (source === destination) continue;
      const tier = spans.findIndex((span) =>
        Math.floor(source / span) === Math.floor(destination / span)
      );
      sent[tier][source] += bytes;
      received[tier][destination] += bytes;
    }
  }
  const all = (bytes_TR: readonly Float64Array[], rank: number) =>
    bytes_TR.reduce((sum, bytes_R) => sum + bytes_R[rank], 0);
  return {
    seconds_R: bytes_RR.map((_, rank) => secondsOf(rank, { sent, received, cluster })),
    sentBytes_R: bytes_RR.map((_, rank) => all(sent, rank)),
    receivedBytes_R: bytes_RR.map((_, rank) => all(received, rank)),
  };
}

/** Seconds of the slowest tier of a rank; what passes an outer tier passes the card as well. */
function secondsOf(
  rank: number,
  exchange: { sent: Float64Array[]; received: Float64Array[]; cluster: Cluster },
): number {
  const { sent, received, cluster } = exchange;
  let out = 0;
  let back = 0;
  let slowest = 0;
  for (let at = cluster.tiers.length - 1; at >= 0; at--) {
    const tier = cluster.tiers[at];
    const shared = isNetwork(tier);
    out = sent[at][rank] + (shared ? out : 0);
    back = received[at][rank] + (shared ? back : 0);
    if (out === 0 && back === 0) continue;
    const { fabric, link } = tier;
    const share = fabric.kind === "torus" ? 1 : fabric.oversubscription ?? 1;
    const rate = effectiveBandwidth(link) * linkFactor({ rank, tier: tier.name }, cluster) / share;
    slowest = Math.max(slowest, link.latencySeconds + Math.max(out, back) / rate);
  }
  return slowest;
}
