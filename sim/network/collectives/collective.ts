/**
 * What a collective operation sends: rounds of transfers.
 *
 * A *transfer* carries bytes from one rank to another. The transfers of a *round* start together. A
 * round starts when the rounds that it comes `after` have arrived: by default the one before it in
 * the list, which makes a barrier of every round; and when the last byte of those that it `follows`
 * has left, which is how pieces follow each other on the same way. `times` repeats a round, one pass
 * after the other, which keeps a ring of n ranks n transfers long and not n^2.
 *
 * @module
 */

/** Bytes from one rank to another; see the module. */
export interface Transfer {
  /** Rank that has them. */
  from: number;
  /** Rank that gets them. */
  to: number;
  /** How many. */
  bytes: number;
}

/** Transfers that start together; see the module. */
export interface Round {
  /** What is sent. Nothing to send, and what a rank sends to itself, takes no time. */
  transfers: readonly Transfer[];
  /** Passes, one after the other; 1 unless given. */
  times?: number;
  /** Places of the rounds that it waits for, all earlier in the list; the one before unless given. */
  after?: readonly number[];
  /** Places of earlier rounds whose bytes have to have left before; none unless given. */
  follows?: readonly number[];
}

/** A collective operation as transfers; see the module. */
export interface Collective {
  /** What it is, such as "ring all-reduce". */
  name: string;
  /** What it does, in order. */
  rounds: readonly Round[];
}

/** Bytes on the links of ranks. */
export interface RankBytes {
  /** Bytes that each rank sends to others. */
  sent: Map<number, number>;
  /** Bytes that each rank gets from others. */
  received: Map<number, number>;
}

/**
 * What every rank sends and receives in a collective.
 *
 * @example
 * ```ts
 * import { bytesOfRanks, ringAllReduce } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * // A ring moves 2 (n - 1)/n of the bytes past each rank.
 * const { sent } = bytesOfRanks(ringAllReduce([0, 1, 2, 3], 400));
 * assertEquals(sent.get(2), 600);
 * ```
 */
export function bytesOfRanks({ rounds }: Collective): RankBytes {
  const sent = new Map<number, number>();
  const received = new Map<number, number>();
  for (const { transfers, times = 1 } of rounds) {
    for (const { from, to, bytes } of transfers) {
      if (from === to) continue;
      sent.set(from, (sent.get(from) ?? 0) + times * bytes);
      received.set(to, (received.get(to) ?? 0) + times * bytes);
    }
  }
  return { sent, received };
}
