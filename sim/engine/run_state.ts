/**
 * What a run keeps by task and by lane while it goes on.
 *
 * @module
 */
import { type GraphColumns, NO_LANE } from "./graph.ts";

/** What a run keeps. */
export interface RunState {
  /** Start by task, seconds. */
  start: Float64Array<ArrayBuffer>;
  /** End by task, seconds. */
  end: Float64Array<ArrayBuffer>;
  /** Tasks that have to end before, by task. */
  missing: Int32Array<ArrayBuffer>;
  /**
   * A neighbour by task, or -1: the task behind it while it waits on its lane (in the program, or in
   * the queue), the task before it once it is done.
   */
  slot: Int32Array<ArrayBuffer>;
  /** The last task done by lane, or -1. */
  last: Int32Array<ArrayBuffer>;
  /** 1 by lane of order "program". */
  program: Uint8Array<ArrayBuffer>;
  /** Tasks done so far. */
  done: number;
}

/** A run before its first event; a task of a program waits for the one before it on its lane. */
export function createRunState(columns: GraphColumns): RunState {
  const { tasks, lanes, lane, needs } = columns;
  const missing = needs.slice(0, tasks) as Int32Array<ArrayBuffer>;
  const slot = new Int32Array(tasks).fill(-1);
  const program = Uint8Array.from(lanes, ({ order }) => order === "program" ? 1 : 0);
  const last = new Int32Array(lanes.length).fill(-1);
  if (program.includes(1)) {
    for (let task = 0; task < tasks; task++) {
      const on = lane[task];
      if (on === NO_LANE || program[on] === 0) continue;
      if (last[on] >= 0) {
        slot[last[on]] = task;
        missing[task]++;
      }
      last[on] = task;
    }
    last.fill(-1);
  }
  const [start, end] = [new Float64Array(tasks), new Float64Array(tasks)];
  return { start, end, missing, slot, last, program, done: 0 };
}
