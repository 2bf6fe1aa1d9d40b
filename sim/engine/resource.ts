/**
 * A lane: something that does one piece of work after the other, in the order of the requests,
 * such as the compute stream of a device.
 *
 * @module
 */
import type { Engine } from "./engine.ts";

/** When a piece of work ran on its lane. */
export interface Turn {
  /** Seconds since the start of the simulation. */
  startSeconds: number;
  /** Seconds since the start of the simulation. */
  endSeconds: number;
}

/** A serial resource. */
export interface Lane {
  /** Seconds of work that it was given so far. */
  readonly busySeconds: number;
  /** When the last request given so far is done. */
  readonly freeAt: number;
  /**
   * Asks for `seconds` of work from now on. `done` is called at its end, with `priority` among the
   * events of that time.
   */
  use(
    seconds: number,
    done: (turn: Turn) => void,
    options?: { priority?: number },
  ): void;
}

/**
 * Makes an idle lane of an engine.
 *
 * @example
 * ```ts
 * import { createEngine, createLane } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const engine = createEngine();
 * const lane = createLane(engine);
 * const ends: number[] = [];
 * lane.use(2, ({ endSeconds }) => ends.push(endSeconds));
 * lane.use(1, ({ endSeconds }) => ends.push(endSeconds));
 * engine.run();
 * assertEquals(ends, [2, 3]);
 * ```
 */
export function createLane(engine: Engine): Lane {
  let freeAt = 0;
  let busySeconds = 0;
  return {
    get busySeconds() {
      return busySeconds;
    },
    get freeAt() {
      return freeAt;
    },
    use(seconds, done, { priority = 0 } = {}) {
      if (!Number.isFinite(seconds) || seconds < 0) {
        throw new RangeError(`Cannot use a lane for ${seconds} s: wanted 0 or more`);
      }
      const startSeconds = Math.max(engine.now, freeAt);
      const endSeconds = startSeconds + seconds;
      freeAt = endSeconds;
      busySeconds += seconds;
      engine.schedule(endSeconds, () => done({ startSeconds, endSeconds }), { priority });
    },
  };
}
