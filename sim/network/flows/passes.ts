/**
 * The flows of a collective's rounds on a topology: transfers with their links, alike ones folded
 * into one.
 *
 * @module
 */
import type { Collective, Round } from "../collectives/collective.ts";
import type { Topology } from "../topology/topology.ts";
import type { SharedFlow } from "./sharing.ts";

/** Equal transfers of a round. */
export interface RoundFlow extends SharedFlow {
  /** Bytes of each. */
  bytes: number;
  /** Seconds before the first of them moves. */
  latencySeconds: number;
  /** How many transfers it stands for. */
  count: number;
}

/**
 * The flows of a round.
 *
 * @throws {RangeError} for bytes below 0 or not finite.
 */
export function flowsOfRound({ transfers }: Round, topology: Topology): RoundFlow[] {
  const flows = new Map<string, RoundFlow>();
  for (const { from, to, bytes } of transfers) {
    if (!(bytes >= 0 && bytes < Infinity)) {
      throw new RangeError(`Cannot send ${bytes} bytes from rank ${from} to rank ${to}`);
    }
    if (bytes === 0 || from === to) continue;
    const { links, latencySeconds } = topology.route(from, to);
    const key = `${bytes}/${links.join()}`;
    const same = flows.get(key);
    if (same) same.count++;
    else flows.set(key, { links, latencySeconds, bytes, count: 1 });
  }
  return [...flows.values()];
}

/**
 * Bytes that every link of a topology carries in a collective, by id: over capacity and time they say
 * how busy a link was.
 */
export function bytesOnLinks({ rounds }: Collective, topology: Topology): Float64Array {
  const bytes_L = new Float64Array(topology.capacities.length);
  for (const round of rounds) {
    for (const { links, bytes, count } of flowsOfRound(round, topology)) {
      for (const link of links) bytes_L[link] += bytes * count * (round.times ?? 1);
    }
  }
  return bytes_L;
}
