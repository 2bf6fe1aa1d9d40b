/**
 * Times on the device: timestamp queries around each launch, raw samples kept, outliers counted and
 * never dropped. The one file of the floor that may look at a clock.
 *
 * A wait in Deno costs about 11 ms, whatever it waits for; so times come from the device and a
 * measurement waits once for each repetition.
 *
 * @module
 */
import { UserError } from "./base/errors.ts";
import { type Estimate, median } from "./base/estimate.ts";
import { createRecorder, type LaunchTime, type Recorder } from "./recorder.ts";
import type { Pool } from "./tensor.ts";

/** Samples of one thing that was timed, in seconds, in the order they were taken. */
export interface Samples {
  /** Raw samples. */
  seconds: number[];
  /** Their median and its interval. */
  estimate: Estimate;
  /** What to mind: outliers, a coarse clock, a busy machine. */
  warnings: string[];
}

/** Times of a recording. */
export interface Timing {
  /** From the first launch's begin to the last launch's end. */
  total: Samples;
  /** By launch label; launches of one label in one recording are added. */
  byLabel: Record<string, Samples>;
  /** Step of the device's clock, as far as the samples show it. */
  resolutionSeconds: number;
}

/**
 * Counts samples beyond Tukey's fences (1.5 and 3 interquartile ranges).
 *
 * @example
 * ```ts
 * import { outliers } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(outliers([10, 11, 11, 12, 12, 13, 99]), { mild: 0, severe: 1 });
 * ```
 */
export function outliers(seconds: readonly number[]): { mild: number; severe: number } {
  const x = [...seconds].sort((a, b) => a - b);
  const at = (q: number) => {
    const i = q * (x.length - 1);
    const low = Math.floor(i);
    return x[low] + (i - low) * ((x[low + 1] ?? x[low]) - x[low]);
  };
  const [q1, q3] = [at(0.25), at(0.75)];
  const beyond = (f: number) =>
    x.filter((v) => v < q1 - f * (q3 - q1) || v > q3 + f * (q3 - q1)).length;
  const severe = beyond(3);
  return { mild: beyond(1.5) - severe, severe };
}

/** Puts samples with their median and what to mind about them. */
export function summarise(seconds: number[], resolutionSeconds: number): Samples {
  const estimate = median(seconds);
  const warnings: string[] = [];
  const { mild, severe } = outliers(seconds);
  if (mild + severe > 0) {
    warnings.push(`${mild} mild and ${severe} severe outliers of ${seconds.length}`);
  }
  if (estimate.value < 20 * resolutionSeconds) {
    warnings.push("shorter than 20 steps of the device's clock");
  }
  if (estimate.hi > 1.5 * estimate.lo) {
    warnings.push("interval wider than half of its lower end: the machine was busy");
  }
  return { seconds, estimate, warnings };
}

/** Step of a clock, seconds: the greatest common divisor of all times that it gave, at least 1 ns. */
export function clockStep(seconds: readonly number[]): number {
  const divisor = (a: number, b: number): number => b === 0 ? a : divisor(b, a % b);
  return Math.max(1, seconds.map((s) => Math.round(s * 1e9)).reduce(divisor, 0)) * 1e-9;
}

/**
 * Records and runs `record` once and gives the times of its launches.
 *
 * @throws {UserError} where the adapter has no timestamp queries.
 */
export async function runTimed(
  pool: Pool,
  record: (recorder: Recorder) => void,
): Promise<LaunchTime[]> {
  if (!pool.device.timestamps) {
    throw new UserError(
      `Cannot time kernels on ${pool.device.adapter.description}: found no timestamp-query feature`,
    );
  }
  const recorder = createRecorder(pool, { timed: true });
  record(recorder);
  return await recorder.finish();
}

/** Puts the launches of several runs of one recording together. */
export function timingOf(runs: readonly LaunchTime[][]): Timing {
  const ticks = runs.flat().flatMap((t) => [t.startSeconds, t.endSeconds]);
  const resolutionSeconds = clockStep(ticks);
  const byLabel: Record<string, number[]> = {};
  for (const run of runs) {
    const sums: Record<string, number> = {};
    for (const t of run) sums[t.label] = (sums[t.label] ?? 0) + t.endSeconds - t.startSeconds;
    for (const [label, s] of Object.entries(sums)) (byLabel[label] ??= []).push(s);
  }
  const totals = runs.map((r) => r[r.length - 1].endSeconds - r[0].startSeconds);
  return {
    total: summarise(totals, resolutionSeconds),
    byLabel: Object.fromEntries(
      Object.entries(byLabel).map(([label, s]) => [label, summarise(s, resolutionSeconds)]),
    ),
    resolutionSeconds,
  };
}

/**
 * Runs `record` several times, after warm-ups that are not counted, and gives its times.
 *
 * @throws {UserError} where the adapter has no timestamp queries.
 */
export async function time(
  pool: Pool,
  record: (recorder: Recorder) => void,
  options: { repeats?: number; warmups?: number } = {},
): Promise<Timing> {
  const { repeats = 5, warmups = 1 } = options;
  const runs: LaunchTime[][] = [];
  for (let i = 0; i < warmups + repeats; i++) {
    const times = await runTimed(pool, record);
    if (i >= warmups) runs.push(times);
  }
  return timingOf(runs);
}

/** Milliseconds since an arbitrary moment, for budgets and progress: the floor's only wall clock. */
export const now = (): number => performance.now();
