/**
 * All-to-all with uneven messages, by the ports of each device.
 *
 * Every device has one port a direction at each tier of the network: one into the fast domain of
 * its node and one out of the node. Sending and receiving go on at the same time, and so do the
 * tiers. A port is shared by all messages that pass it, so a rank is done with a tier after
 *
 *     latency + max(bytes sent, bytes received) / effective bandwidth
 *
 * and with the exchange when it is done with the slower tier. Bytes for the rank itself use no
 * link.
 *
 * What this leaves out: the network between ports is taken as non-blocking, and messages as packed
 * perfectly, with no port idle while its peer is busy elsewhere. It is thus a lower bound of a
 * direct exchange, and exact for a balanced one; the link's efficiency, which is taken from
 * measured exchanges, covers the rest. It starts when all ranks have arrived.
 *
 * @module
 */
import { type Cluster, nodeOf } from "../cluster/cluster.ts";
import { messageSeconds } from "./link.ts";

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
  const zeros = () => new Array<number>(ranks).fill(0);
  const sent = { intraNode: zeros(), interNode: zeros() };
  const received = { intraNode: zeros(), interNode: zeros() };
  for (let source = 0; source < ranks; source++) {
    const node = nodeOf(source, cluster);
    for (let destination = 0; destination < ranks; destination++) {
      const bytes = bytes_RR[source][destination];
      if (!(bytes >= 0)) {
        throw new RangeError(`Cannot send ${bytes} bytes from rank ${source} to ${destination}`);
      }
      if (source === destination) continue;
      const tier = nodeOf(destination, cluster) === node ? "intraNode" : "interNode";
      sent[tier][source] += bytes;
      received[tier][destination] += bytes;
    }
  }
  const { intraNode, interNode } = cluster.links;
  const busiest = (tier: "intraNode" | "interNode", rank: number) =>
    Math.max(sent[tier][rank], received[tier][rank]);
  return {
    seconds_R: sent.intraNode.map((_, rank) =>
      Math.max(
        messageSeconds(busiest("intraNode", rank), intraNode),
        messageSeconds(busiest("interNode", rank), interNode),
      )
    ),
    sentBytes_R: sent.intraNode.map((bytes, rank) => bytes + sent.interNode[rank]),
    receivedBytes_R: received.intraNode.map((bytes, rank) => bytes + received.interNode[rank]),
  };
}
