/**
 * Reduce-scatter, all-gather and all-reduce around rings.
 *
 * The bytes are cut into as many pieces as there are ranks. In each of n - 1 steps every rank sends
 * one piece to the next; a reduce-scatter adds on the way, an all-gather copies. An all-reduce is one
 * after the other: 2 (n - 1)/n of the bytes past each rank, the least that there can be (Patarasuk
 * and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations", 2009).
 *
 * Several rings share the work where one would leave ports idle; see `rings.ts`. A step is a
 * *barrier* unless told otherwise. Without barriers each piece goes on as soon as it is there, so
 * that only the pieces that cross a slow link pay its latency; that takes a round a piece and step.
 *
 * @module
 */
import type { Collective, Round } from "./collective.ts";

/** How a ring runs. */
export interface RingOptions {
  /** Ranks in the order of each ring, all over the same ranks; one ring in the given order unless given. */
  rings?: readonly (readonly number[])[];
  /** Whether all ranks wait for each other at each step; true unless given. */
  barrier?: boolean;
}

/** `laps` times n - 1 steps around rings that share the bytes. */
function ring(
  name: string,
  ranks: readonly number[],
  options: RingOptions & { bytes: number; laps: number },
): Collective {
  const { bytes, laps, rings = [ranks], barrier = true } = options;
  const n = ranks.length;
  if (new Set(ranks).size < n || rings.some((order) => order.length !== n)) {
    throw new RangeError(
      `Cannot lay ${rings.length} rings of ${
        rings.map((order) => order.length).join(", ")
      } ranks ` +
        `over ${n} ranks: wanted each rank once in every ring`,
    );
  }
  if (n < 2) return { name, rounds: [] };
  const steps = laps * (n - 1);
  const piece = bytes / n / rings.length;
  const send = (order: readonly number[], at: number) => ({
    from: order[at],
    to: order[(at + 1) % n],
    bytes: piece,
  });
  if (barrier) {
    const transfers = rings.flatMap((order) => order.map((_, at) => send(order, at)));
    return { name, rounds: [{ transfers, times: steps }] };
  }
  const rounds: Round[] = [];
  for (let step = 0; step < steps; step++) {
    rings.forEach((order, r) => {
      for (let at = 0; at < n; at++) {
        const before = ((step - 1) * rings.length + r) * n + (at + n - 1) % n;
        rounds.push({ transfers: [send(order, at)], after: step === 0 ? [] : [before] });
      }
    });
  }
  return { name, rounds };
}

/**
 * Every rank has `bytes`; in the end each has an n-th of their sum.
 *
 * @throws {RangeError} for a rank given twice and for rings over other ranks.
 */
export function ringReduceScatter(
  ranks: readonly number[],
  bytes: number,
  options: RingOptions = {},
): Collective {
  return ring("ring reduce-scatter", ranks, { ...options, bytes, laps: 1 });
}

/** Every rank has an n-th of `bytes`; in the end all have all. */
export function ringAllGather(
  ranks: readonly number[],
  bytes: number,
  options: RingOptions = {},
): Collective {
  return ring("ring all-gather", ranks, { ...options, bytes, laps: 1 });
}

/**
 * Every rank has `bytes`; in the end all have their sum.
 *
 * @example
 * ```ts
 * import { bytesOfRanks, ringAllReduce } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const { rounds } = ringAllReduce([0, 1, 2, 3], 400);
 * assertEquals(rounds[0].times, 6);
 * assertEquals(bytesOfRanks({ name: "", rounds }).received.get(0), 600);
 * ```
 */
export function ringAllReduce(
  ranks: readonly number[],
  bytes: number,
  options: RingOptions = {},
): Collective {
  return ring("ring all-reduce", ranks, { ...options, bytes, laps: 2 });
}

/**
 * Every rank has `bytes`, which neighbours pass on around one ring in the given order until all have
 * seen all: n - 1 steps of all ranks, each after the slowest message of the one before.
 *
 * @throws {RangeError} for a rank given twice.
 */
export function ringExchange(ranks: readonly number[], bytes: number): Collective {
  return ring("ring exchange", ranks, { bytes: bytes * ranks.length, laps: 1 });
}
