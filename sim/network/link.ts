/**
 * Time of one message: a fixed latency and a bandwidth, the model of Hockney (1994).
 *
 * @module
 */

/** A link as a device sees it, in each direction. */
export interface Link {
  /** Time before the first byte arrives, software included, seconds. */
  latencySeconds: number;
  /** Rate that the vendor states, of one device in one direction, bytes a second. */
  bandwidthBytesPerSecond: number;
  /** Fraction of that rate that large messages reach. */
  efficiency: number;
}

/** Bytes a second that large messages reach. */
export function effectiveBandwidth(link: Link): number {
  return link.bandwidthBytesPerSecond * link.efficiency;
}

/**
 * Seconds of `bytes` over a link that nothing else uses; no bytes take no time.
 *
 * @example
 * ```ts
 * import { messageSeconds } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const link = { latencySeconds: 1, bandwidthBytesPerSecond: 100, efficiency: 0.5 };
 * assertEquals(messageSeconds(200, link), 5);
 * ```
 */
export function messageSeconds(bytes: number, link: Link): number {
  return bytes === 0 ? 0 : link.latencySeconds + bytes / effectiveBandwidth(link);
}
