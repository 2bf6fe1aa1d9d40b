/**
 * Runs rounds of flows that wait for each other, as fluids.
 *
 * A flow begins when its round does, has at any time its max-min fair rate among the flows that move,
 * and has arrived a latency after its last byte left. So a message of b bytes over a free link takes
 * latency + b / rate, and messages that follow each other on a link pay the latency side by side. A
 * round is *sent* when its last byte has left and *done* when that has arrived. What happens within
 * `RESOLUTION` of the same time is taken at once; a round that runs alone and repeats is run once and
 * its time multiplied.
 *
 * @module
 */
import { createEventQueue } from "../../engine/event_queue.ts";
import type { RoundFlow } from "./passes.ts";
import { createSharing, fillRates } from "./sharing.ts";

/** Flows that begin together; see `Round`. */
export interface FlowRound {
  /** What moves. */
  flows: readonly RoundFlow[];
  /** Passes, one after the other. */
  times: number;
  /** Places of the rounds that have to be done before. */
  after: readonly number[];
  /** Places of the rounds that have to be sent before. */
  follows: readonly number[];
  /** Earliest start, seconds. */
  startSeconds: number;
}

/** Part of a time below which two events are one. */
const RESOLUTION = 1e-9;

/** What a round is doing. */
interface State {
  /** Place of its first flow among all. */
  first: number;
  /** Rounds that it still waits for. */
  missing: number;
  /** Rounds that wait until it is done, and until it is sent. */
  next: { done: number[]; sent: number[] };
  passesLeft: number;
  passStart: number;
  /** Flows of the pass that still move. */
  moving: number;
  /** When the last byte of the pass arrives. */
  arrival: number;
}

function statesOf(rounds: readonly FlowRound[]): State[] {
  let first = 0;
  const states = rounds.map((round): State => {
    const state = {
      first,
      missing: round.after.length + round.follows.length,
      next: { done: [], sent: [] },
      passesLeft: round.times,
      passStart: 0,
      moving: 0,
      arrival: 0,
    };
    first += round.flows.length;
    return state;
  });
  rounds.forEach(({ after, follows }, at) => {
    for (const before of after) states[before].next.done.push(at);
    for (const before of follows) states[before].next.sent.push(at);
  });
  return states;
}

/**
 * When each round is done, in seconds.
 *
 * @throws {RangeError} where flows cannot end, on links without capacity or rounds in a circle.
 */
export function runRounds(
  rounds: readonly FlowRound[],
  capacities: ArrayLike<number>,
): number[] {
  const states = statesOf(rounds);
  const flows = rounds.flatMap((round) => round.flows);
  const roundOf = Int32Array.from(rounds.flatMap((round, at) => round.flows.map(() => at)));
  const remaining = Float64Array.from(flows, (flow) => flow.bytes);
  const sharing = createSharing(flows, capacities);
  const queue = createEventQueue<{ round: number; starts: boolean }>();
  const ends = new Array<number>(rounds.length).fill(NaN);
  let running: number[] = [];
  let begun = 0;
  let lastEnd = 0;
  let now = 0;

  function release(waiting: readonly number[]): void {
    for (const round of waiting) {
      if (--states[round].missing > 0) continue;
      queue.push({ round, starts: true }, { time: Math.max(now, rounds[round].startSeconds) });
    }
  }
  function pass(round: number): void {
    const state = states[round];
    const count = rounds[round].flows.length;
    state.passStart = state.arrival = now;
    state.moving = count;
    for (let flow = state.first; flow < state.first + count; flow++) {
      remaining[flow] = flows[flow].bytes;
      running.push(flow);
    }
    if (count === 0) sent(round);
  }
  function sent(round: number): void {
    const state = states[round];
    if (state.passesLeft === 1) release(state.next.sent);
    queue.push({ round, starts: false }, { time: state.arrival });
  }
  function done(round: number): void {
    const state = states[round];
    if (--state.passesLeft > 0) {
      const alone = begun === 1 && queue.size === 0 && lastEnd <= state.passStart;
      if (!alone || state.next.sent.length > 0) return pass(round);
      now += state.passesLeft * (now - state.passStart);
    }
    begun--;
    ends[round] = lastEnd = now;
    release(state.next.done);
  }

  states.forEach(({ missing }, round) => {
    if (missing > 0) return;
    queue.push({ round, starts: true }, { time: rounds[round].startSeconds });
  });
  while (queue.size > 0 || running.length > 0) {
    fillRates(sharing, running);
    let shortest = Infinity;
    for (const flow of running) {
      shortest = Math.min(shortest, remaining[flow] / sharing.rates[flow]);
    }
    const untilEvent = queue.peek() - now;
    const step = Math.min(shortest, untilEvent);
    if (step === Infinity) {
      throw new RangeError(`Cannot end ${running.length} flows: they have links of capacity 0`);
    }
    now = shortest <= untilEvent ? now + shortest : queue.peek();
    const left = running.filter((flow) => {
      const moved = sharing.rates[flow] * step;
      remaining[flow] -= moved;
      if (remaining[flow] > moved * RESOLUTION) return true;
      const state = states[roundOf[flow]];
      state.arrival = Math.max(state.arrival, now + flows[flow].latencySeconds);
      if (--state.moving === 0) sent(roundOf[flow]);
      return false;
    });
    running = left;
    while (queue.peek() <= now * (1 + RESOLUTION)) {
      const { round, starts } = queue.pop()!.item;
      if (!starts) {
        done(round);
        continue;
      }
      begun++;
      pass(round);
    }
  }
  if (ends.some(Number.isNaN)) {
    throw new RangeError(`Cannot run ${rounds.length} rounds: some wait for each other`);
  }
  return ends;
}
