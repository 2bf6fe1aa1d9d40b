/**
 * Where the time of a step goes: computing, communicating that no computing hides, and waiting.
 *
 * @module
 */
import type { Span } from "../../engine/span.ts";

/** Fractions of the time of all ranks; they sum to 1 (or are 0 where there is no time). */
export interface Shares {
  /** Something computes. */
  compute: number;
  /** Something communicates and nothing computes. */
  communication: number;
  /** Neither. */
  waiting: number;
}

/** The same of one rank, in seconds. */
export interface RankTimes {
  /** Something computes. */
  computeSeconds: number;
  /** Something communicates and nothing computes. */
  communicationSeconds: number;
  /** Neither. */
  waitingSeconds: number;
}

type Interval = [start: number, end: number];

/** Intervals as few as possible, in order. */
function union(spans: readonly Span[]): Interval[] {
  const merged: Interval[] = [];
  for (const span of [...spans].sort((a, b) => a.startSeconds - b.startSeconds)) {
    const last = merged.at(-1);
    if (last && span.startSeconds <= last[1]) last[1] = Math.max(last[1], span.endSeconds);
    else merged.push([span.startSeconds, span.endSeconds]);
  }
  return merged;
}

const length = (intervals: Interval[]) => intervals.reduce((sum, [a, b]) => sum + b - a, 0);

const endOf = (spans: readonly Span[]) =>
  spans.reduce((end, span) => Math.max(end, span.endSeconds), 0);

/** How a rank spends the time from 0 to `endSeconds`; time without a span is waiting. */
export function rankTimes(
  spans: readonly Span[],
  options: { rank: number; endSeconds: number },
): RankTimes {
  const busy = spans.filter((s) => s.rank === options.rank && s.class !== "waiting");
  const computeSeconds = length(union(busy.filter((s) => s.class === "compute")));
  const busySeconds = length(union(busy));
  return {
    computeSeconds,
    communicationSeconds: busySeconds - computeSeconds,
    waitingSeconds: options.endSeconds - busySeconds,
  };
}

/**
 * Shares of computing, exposed communicating and waiting from 0 to the last end, averaged over the
 * ranks that have a span.
 *
 * @example
 * ```ts
 * import { shares, type Span } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const spans: Span[] = [
 *   { rank: 0, stream: "compute", name: "experts", class: "compute", startSeconds: 0, endSeconds: 2 },
 *   { rank: 1, stream: "compute", name: "experts", class: "compute", startSeconds: 0, endSeconds: 1 },
 * ];
 * assertEquals(shares(spans), { compute: 0.75, communication: 0, waiting: 0.25 });
 * ```
 */
export function shares(spans: readonly Span[]): Shares {
  const endSeconds = endOf(spans);
  const ranks = [...new Set(spans.map((span) => span.rank))];
  const whole = endSeconds * ranks.length;
  if (whole === 0) return { compute: 0, communication: 0, waiting: 0 };
  const times = ranks.map((rank) => rankTimes(spans, { rank, endSeconds }));
  const share = (key: keyof RankTimes) => times.reduce((sum, t) => sum + t[key], 0) / whole;
  return {
    compute: share("computeSeconds"),
    communication: share("communicationSeconds"),
    waiting: share("waitingSeconds"),
  };
}

/**
 * The spans and, wherever a rank does nothing before `endSeconds`, a waiting span on its
 * communication lane that says what it waits for.
 */
export function withWaiting(
  spans: readonly Span[],
  options: { ranks: number; endSeconds: number },
): Span[] {
  const waiting: Span[] = [];
  for (let rank = 0; rank < options.ranks; rank++) {
    const own = spans.filter((span) => span.rank === rank);
    const edges: Interval[] = [...union(own), [options.endSeconds, options.endSeconds]];
    let free = 0;
    for (const [start, end] of edges) {
      if (start > free) {
        const next = own.find((span) => span.startSeconds === start);
        waiting.push({
          rank,
          stream: "communication",
          name: `wait for ${next ? `peers of ${next.name}` : "the end of the step"}`,
          class: "waiting",
          startSeconds: free,
          endSeconds: start,
        });
      }
      free = end;
    }
  }
  return [...spans, ...waiting].sort((a, b) => a.startSeconds - b.startSeconds || a.rank - b.rank);
}
