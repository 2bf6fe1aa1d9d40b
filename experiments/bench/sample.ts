/**
 * Times of a function on the CPU.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";
import { median } from "../../kernels/base/estimate.ts";

/** How long to measure, and with what clock. */
export interface SampleOptions {
  /** Seconds that rise with wall time. */
  seconds(): number;
  /** Seconds that a sample takes at the least; calls are repeated until they do. */
  sampleSeconds: number;
  /** Number of samples. */
  samples: number;
}

/** Seconds of `calls` calls. */
function stretch(fn: () => void, calls: number, seconds: () => number): number {
  const began = seconds();
  for (let i = 0; i < calls; i++) fn();
  return seconds() - began;
}

/** Times of one call: samples, each the mean of as many calls as fill it, and their median. */
export function sampleSeconds(
  fn: () => void,
  options: SampleOptions,
): { seconds: Estimate; samples: number[] } {
  const { seconds } = options;
  let calls = 1;
  // The search for the number of calls is the warm-up as well.
  for (let took = stretch(fn, 1, seconds); took < options.sampleSeconds;) {
    calls *= took > 0 ? Math.min(10, Math.ceil(1.2 * options.sampleSeconds / took)) : 10;
    took = stretch(fn, calls, seconds);
  }
  const samples = Array.from(
    { length: options.samples },
    () => stretch(fn, calls, seconds) / calls,
  );
  return { seconds: median(samples), samples };
}
