/**
 * Many parts timed in few, long recordings.
 *
 * A processor that runs launches without a break is at another pace than one that rests between short
 * recordings: the same product was seen to take 8 ms in the one case and 13 ms in the other. What is
 * to be compared is therefore recorded alike, and what runs in training runs without a break.
 *
 * @module
 */
import { gemm } from "../gemm/gemm.ts";
import { zeroTensor } from "../map/recipes.ts";
import type { LaunchTime, Recorder } from "../recorder.ts";
import type { Pool } from "../tensor.ts";
import { runTimed } from "../time.ts";
import { guessedKernels } from "../tune.ts";

/** What is recorded together: the launches of a shape, or of a pass of a layer. */
export type RecordedPart = (recorder: Recorder) => void;

/** How parts are run. */
export interface PartsOptions {
  /** Stops between recordings. */
  signal?: AbortSignal;
  /** Told after each recording what share of the parts is done. */
  done?: (share: number) => void;
}

/** Launches of the product that a recording begins with, and its size: some fifty milliseconds here. */
const WARM = { launches: 12, size: 384 };

/**
 * Products that are not counted: the first launches after a wait find the processor at rest, and
 * were seen to take twice as long as in the middle of a recording.
 */
function warmUp(recorder: Recorder): void {
  const { pool, device } = recorder;
  const { size } = WARM;
  const variant = guessedKernels(device).gemm;
  const [a, b] = [pool.tensor("warm a", [size, size]), pool.tensor("warm b", [size, size])];
  zeroTensor(recorder, a);
  zeroTensor(recorder, b);
  for (let i = 0; i < WARM.launches; i++) {
    pool.release(gemm(recorder, a, { b, variant, label: "warm-up" }));
  }
  pool.release(a, b);
}

/** A recording is closed after the part that brings it to so many launches: 1024 can be timed. */
const LONG = 640;

/**
 * Runs parts in as few recordings as hold them, one wait for each, and gives the launches of each
 * part.
 *
 * @throws {UserError} where the adapter has no timestamp queries.
 */
export async function runParts(
  pool: Pool,
  parts: readonly RecordedPart[],
  options: PartsOptions = {},
): Promise<LaunchTime[][]> {
  const times: LaunchTime[][] = [];
  while (times.length < parts.length) {
    options.signal?.throwIfAborted();
    const ends: number[] = [];
    const all = await runTimed(pool, (recorder) => {
      let launches = 0;
      const counted: Recorder = {
        ...recorder,
        launch(launch) {
          launches++;
          recorder.launch(launch);
        },
      };
      warmUp(counted);
      ends.push(launches);
      for (const part of parts.slice(times.length)) {
        part(counted);
        ends.push(launches);
        if (launches >= LONG) break;
      }
    });
    ends.slice(1).forEach((end, i) => times.push(all.slice(ends[i], end)));
    options.done?.(times.length / parts.length);
  }
  return times;
}
