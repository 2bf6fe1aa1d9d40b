/**
 * The memory of steps, phase by phase: steps of a phase are recorded alike and share a plan, and a
 * new phase is planned anew.
 *
 * @module
 */
import { type Device, type PlannedPool, planStep, type Recorder } from "../../../kernels/mod.ts";

/** See the module. */
export interface PhasedPlan {
  /** The pool of a phase, with everything free. */
  begin(phase: string): PlannedPool;
  /** The pool of the phase under way. */
  pool(): PlannedPool;
}

/** Plans the memory of the first phase; `record` records a step of a phase. */
export function planPhases(
  device: Device,
  first: string,
  record: (recorder: Recorder, phase: string) => void,
): PhasedPlan {
  const plan = (phase: string) => planStep(device, (recorder) => record(recorder, phase));
  let [phase, pool] = [first, plan(first)];
  return {
    begin(wanted) {
      if (wanted !== phase) {
        pool.trim();
        [phase, pool] = [wanted, plan(wanted)];
      }
      pool.restart();
      return pool;
    },
    pool: () => pool,
  };
}
