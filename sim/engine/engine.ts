/**
 * The clock of the simulator.
 *
 * A discrete-event simulation is a list of things that will happen and a clock that jumps from one
 * to the next. An *event* is a function with a time; running it may schedule further events, now or
 * later, never in the past. Nothing happens between events, so a simulated hour costs what its
 * events cost.
 *
 * Vocabulary of this folder. *Engine*: the clock and its queue. *Lane*: a thing that does one task
 * after the other, such as the compute stream of a device (`resource.ts`). *Task*: seconds of work
 * on a lane, after other tasks (`tasks.ts`). *Span*: what a task left behind, with start and end
 * (`span.ts`). *Priority*: who goes first among events of the same time, lowest first; equal
 * priorities go in the order in which they were scheduled.
 *
 * Times are seconds since the start of the simulation, as double precision numbers; the wall clock
 * and chance play no part, so the same input gives the same run, bit for bit.
 *
 * A failure is loud: an error thrown by an event leaves `run` as it is, and an engine that has
 * failed refuses to go on, because what it would show is the state of half an event.
 *
 * @module
 */
import { createEventQueue } from "./event_queue.ts";

/** A clock and the events before it. */
export interface Engine {
  /** Seconds since the start. */
  readonly now: number;
  /** Number of events that have not happened yet. */
  readonly pending: number;
  /**
   * Plans an event.
   *
   * @throws {RangeError} where `at` lies before `now` or is no finite number.
   */
  schedule(at: number, action: () => void, options?: { priority?: number }): void;
  /** Time of the next event, `Infinity` where there is none. */
  peek(): number;
  /** Lets the next event happen; `false` where there was none. */
  step(): boolean;
  /**
   * Lets all events up to and with `until` happen (all there are, unless given) and returns the
   * time, which is `until` where that is given.
   */
  run(options?: { until?: number }): number;
}

/**
 * Makes an engine at time 0.
 *
 * @example
 * ```ts
 * import { createEngine } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const engine = createEngine();
 * const seen: string[] = [];
 * engine.schedule(2, () => seen.push("b"));
 * engine.schedule(1, () => engine.schedule(1.5, () => seen.push("a")));
 * assertEquals(engine.run(), 2);
 * assertEquals(seen, ["a", "b"]);
 * ```
 */
export function createEngine(): Engine {
  const queue = createEventQueue<() => void>();
  let now = 0;
  let state: "idle" | "running" | "failed" = "idle";
  let failure: unknown;

  function step(): boolean {
    if (state === "failed") {
      throw new Error(`Cannot go on: an event at ${now} s failed`, { cause: failure });
    }
    if (state === "running") {
      throw new Error(`Cannot step the engine from within an event, at ${now} s`);
    }
    const next = queue.pop();
    if (next === undefined) return false;
    now = next.time;
    state = "running";
    try {
      next.item();
      state = "idle";
    } catch (error) {
      state = "failed";
      failure = error;
      throw error;
    }
    return true;
  }

  return {
    get now() {
      return now;
    },
    get pending() {
      return queue.size;
    },
    schedule(at, action, { priority = 0 } = {}) {
      if (!Number.isFinite(at) || at < now) {
        throw new RangeError(`Cannot schedule an event at ${at} s: the clock is at ${now} s`);
      }
      queue.push(action, { time: at, priority });
    },
    peek: () => queue.peek(),
    step,
    run({ until } = {}) {
      if (until !== undefined && !(until >= now)) {
        throw new RangeError(`Cannot run until ${until} s: the clock is at ${now} s`);
      }
      while (queue.size > 0 && queue.peek() <= (until ?? Infinity)) step();
      if (until !== undefined && Number.isFinite(until)) now = until;
      return now;
    },
  };
}
