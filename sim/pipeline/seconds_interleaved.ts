/**
 * How long interleaved 1F1B takes, without running it.
 *
 * A *turn* is one micro-batch on one chunk. As in 1F1B every stage takes turns forward, then one
 * forward and one backward in turn; but it runs further ahead, so that a circle between two
 * neighbours passes three turns and not two, and sends up to half a turn hide behind kernels. What
 * is left is the time before the first backward of a stage, its turns, and the time after its last
 * forward.
 *
 * Before the first backward, the first micro-batch of a group passes all chunks on all stages; on
 * each it comes either from the stage before, or after the rest of its group has passed the chunk
 * before. The time after the last forward is the same read backwards.
 *
 * Exact where stages are alike, a lower bound where they are not; chunks of a stage have to be.
 *
 * @module
 */
import { interleavedAhead } from "./interleaved.ts";

/** Seconds by `[stage][chunk]`. */
export interface ChunkSeconds {
  /** Forward pass. */
  forward: readonly (readonly number[])[];
  /** Whole backward pass. */
  backward: readonly (readonly number[])[];
  /** From one stage to the next. */
  sendSeconds: number;
  /** Micro-batches. */
  microBatches: number;
  /** Micro-batches that pass a chunk in a row. */
  group: number;
}

type Table = ChunkSeconds["forward"];

/** Ends of the first micro-batch of a group on the last chunk of every stage. */
function arrivals(work: Table, { group, sendSeconds }: ChunkSeconds): number[] {
  const stages = work.length;
  const chunks = work[0].length;
  const ends = new Array<number>(stages).fill(0);
  for (let c = 0; c < chunks; c++) {
    for (let s = 0; s < stages; s++) {
      const stay = c > 0 ? ends[s] + (group - 1) * work[s][c - 1] : 0;
      const wrap = c > 0 && stages > 1 ? ends[stages - 1] + sendSeconds : 0;
      const come = s > 0 ? ends[s - 1] + sendSeconds : wrap;
      ends[s] = Math.max(stay, come) + work[s][c];
    }
  }
  return ends;
}

function total(work: readonly number[]): number {
  let sum = 0;
  for (let c = 0; c < work.length; c++) sum += work[c];
  return sum;
}

/** Seconds of the first `turns` turns of a stage. */
function firstTurns(work: readonly number[], turns: number, group: number): number {
  const groups = Math.floor(turns / (group * work.length));
  let seconds = groups === 0 ? 0 : groups * group * total(work);
  let left = turns - groups * group * work.length;
  for (let c = 0; left > 0; c++) {
    seconds += Math.min(group, left) * work[c];
    left -= group;
  }
  return seconds;
}

/** See the module. */
export function interleavedSeconds(of: ChunkSeconds): number {
  const { forward, backward, sendSeconds, microBatches, group } = of;
  const stages = forward.length;
  const chunks = forward[0].length;
  const turns = microBatches * chunks;
  const firstEnds = arrivals(forward, of);
  const lastEnds = arrivals(backward, of);
  const leads = [0];
  const tails = [0];
  for (let s = 0; s < stages; s++) {
    leads.push(leads[s] + forward[s][0] + sendSeconds);
    tails.push(tails[s] + backward[s][0] + sendSeconds);
  }
  let longest = 0;
  let first = 0;
  let last = 0;
  for (let s = stages - 1; s >= 0; s--) {
    const ahead = interleavedAhead({ stages, microBatches, chunks }, { stage: s, group });
    const reached = Math.min(ahead, turns - 1) - (chunks - 1) * group;
    const f = forward[s];
    const b = backward[s];
    // What the stage does ahead beyond its first turn on the last chunk: the rest of the group,
    // then the next group on chunk 0.
    const own = Math.min(reached, group - 1);
    const next = reached - own;
    first = Math.max(
      firstEnds[s] + own * f[chunks - 1] + next * f[0],
      s < stages - 1 ? first + backward[s + 1][chunks - 1] + sendSeconds : 0,
    );
    last = Math.max(
      lastEnds[s] + own * b[chunks - 1] + next * b[0],
      s < stages - 1 ? last + forward[s + 1][chunks - 1] + sendSeconds : 0,
    );
    const allF = microBatches * total(f);
    const allB = microBatches * total(b);
    const path = ahead < turns - 1
      ? first + last + allF + allB - firstTurns(f, ahead + 1, group) -
        firstTurns(b, ahead + 1, group)
      : Math.max(first + allB + tails[s], leads[s] + allF + last);
    longest = Math.max(longest, path);
  }
  return longest;
}
