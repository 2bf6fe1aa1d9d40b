/**
 * How long GPipe and 1F1B take, without running them.
 *
 * The time of a pipeline is its longest path through operations. In 1F1B a path enters at the
 * forward of micro-batch 0 on stage 0 and leaves at the backward of the last one there. Between, it
 * stays on one stage, or circles between two:
 *
 * - on stage s it spends F + B for every micro-batch;
 * - from stage i down to j and back it spends F + B of all stages between and two sends a step, and
 *   gets j - i + 1 micro-batches further;
 * - before its first backward, stage s either runs its `p - 1 - s` forwards ahead or waits for the
 *   way down to some stage and back, whichever is longer; after its last forward likewise.
 *
 * The longest of all paths that circle in one place is exact where stages are alike. Paths that
 * change the place are left out, so with uneven stages this is a lower bound.
 *
 * @module
 */

/** Seconds by stage. */
export interface StageSeconds {
  /** Forward pass. */
  forward: readonly number[];
  /** Whole backward pass. */
  backward: readonly number[];
  /** From one stage to the next. */
  sendSeconds: number;
  /** Micro-batches. */
  microBatches: number;
}

/** Exact: all forwards pass the slowest stage, then all backwards. */
export function gpipeSeconds(of: StageSeconds): number {
  const { forward, backward, sendSeconds, microBatches } = of;
  let total = 2 * (forward.length - 1) * sendSeconds;
  let slowestF = 0;
  let slowestB = 0;
  for (let s = 0; s < forward.length; s++) {
    total += forward[s] + backward[s];
    slowestF = Math.max(slowestF, forward[s]);
    slowestB = Math.max(slowestB, backward[s]);
  }
  return total + (microBatches - 1) * (slowestF + slowestB);
}

/**
 * The longest way to spend `count` micro-batches in the steady state on stage `s`, alone or in
 * circles that begin there; `prefix[i]` sums F + B of the stages before i.
 */
function steady(
  of: StageSeconds,
  s: number,
  options: { count: number; prefix: readonly number[] },
) {
  const { count, prefix } = options;
  const send = 2 * of.sendSeconds;
  const own = prefix[s + 1] - prefix[s];
  let most = count * own;
  if (send === 0) return most;
  for (let span = 2; s + span < prefix.length; span++) {
    const circles = Math.floor(count / span);
    const rest = count - circles * span;
    const circle = prefix[s + span] - prefix[s] + (span - 1) * send;
    const shorter = rest === 0 ? 0 : prefix[s + rest] - prefix[s] + (rest - 1) * send;
    most = Math.max(most, circles * circle + Math.max(shorter, rest * own));
  }
  return most;
}

/** See the module; for at least as many micro-batches as stages. */
export function oneForwardOneBackwardSeconds(of: StageSeconds): number {
  const { forward, backward, sendSeconds, microBatches } = of;
  const stages = forward.length;
  const prefix = [0];
  for (let s = 0; s < stages; s++) prefix.push(prefix[s] + forward[s] + backward[s]);
  let longest = 0;
  // Seconds between the first forward of a stage and its first backward, and between its last two.
  let first = 0;
  let last = 0;
  for (let s = stages - 1; s >= 0; s--) {
    const ahead = stages - 1 - s;
    const aheadF = ahead * forward[s];
    const aheadB = ahead * backward[s];
    if (ahead > 0) {
      const around = prefix[s + 2] - prefix[s + 1] + 2 * sendSeconds;
      first = Math.max(aheadF, around + first);
      last = Math.max(aheadB, around + last);
    }
    const lead = prefix[s + 1] + 2 * s * sendSeconds;
    const count = microBatches - 2 - ahead;
    const path = count >= 0
      ? first + steady(of, s, { count, prefix }) + last + prefix[s + 1] - prefix[s]
      : Math.max(first + aheadB, aheadF + last);
    longest = Math.max(longest, lead + path);
  }
  return longest;
}
