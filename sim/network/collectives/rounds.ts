/**
 * Rounds put together: backwards, one after the other, in pieces.
 *
 * @module
 */
import type { Round } from "./collective.ts";

/** Places of the rounds that a round waits for. */
export function roundsBefore(rounds: readonly Round[], at: number): readonly number[] {
  return rounds[at].after ?? (at === 0 ? [] : [at - 1]);
}

/** Each list of earlier places, seen from the end: who has place p in its list. */
function mirrored(lists: readonly (readonly number[])[]): number[][] {
  const last = lists.length - 1;
  const mirror: number[][] = lists.map(() => []);
  lists.forEach((list, at) => list.forEach((before) => mirror[last - before].push(last - at)));
  return mirror;
}

/**
 * Rounds backwards: every transfer returns, and what came last comes first. It turns a broadcast
 * into a reduction and a dispatch into a combine.
 *
 * @example
 * ```ts
 * import { chainBroadcast, reversedRounds } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const reduction = reversedRounds(chainBroadcast([0, 1, 2], 100).rounds);
 * assertEquals(reduction.map(({ transfers: [t] }) => [t.from, t.to]), [[2, 1], [1, 0]]);
 * ```
 */
export function reversedRounds(rounds: readonly Round[]): Round[] {
  const after = mirrored(rounds.map((_, at) => roundsBefore(rounds, at)));
  const follows = mirrored(rounds.map((round) => round.follows ?? []));
  return rounds.map(({ transfers, times }, at): Round => ({
    transfers: transfers.map(({ from, to, bytes }) => ({ from: to, to: from, bytes })),
    ...(times === undefined ? {} : { times }),
    after: after[rounds.length - 1 - at],
    follows: follows[rounds.length - 1 - at],
  })).reverse();
}

/** Rounds moved by some places in a longer list; those that wait for none wait for `entry`. */
export function movedRounds(
  rounds: readonly Round[],
  by: number,
  entry: readonly number[] = [],
): Round[] {
  return rounds.map((round, at) => {
    const before = roundsBefore(rounds, at);
    return {
      ...round,
      after: before.length > 0 ? before.map((place) => by + place) : entry,
      follows: (round.follows ?? []).map((place) => by + place),
    };
  });
}

/**
 * Pieces of the same rounds, each of which follows the one before it round by round.
 *
 * @throws {RangeError} for a number of pieces that is no whole number above 0.
 */
export function pipelinedRounds(rounds: readonly Round[], pieces: number): Round[] {
  if (!Number.isInteger(pieces) || pieces < 1) {
    throw new RangeError(`Cannot send in ${pieces} pieces: wanted a whole number above 0`);
  }
  if (pieces === 1) return [...rounds];
  return Array.from(
    { length: pieces },
    (_, piece) =>
      movedRounds(rounds, piece * rounds.length).map((round, at) => ({
        ...round,
        transfers: round.transfers.map((t) => ({ ...t, bytes: t.bytes / pieces })),
        follows: [
          ...round.follows ?? [],
          ...(piece === 0 ? [] : [(piece - 1) * rounds.length + at]),
        ],
      })),
  ).flat();
}
