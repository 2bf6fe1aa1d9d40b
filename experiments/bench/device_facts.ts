/**
 * What a benchmark says of the device that it ran on.
 *
 * @module
 */
import type { Device } from "../../kernels/device.ts";
import { clockStep } from "../../kernels/time.ts";
import { choiceWords, type KernelChoice } from "../../kernels/tune.ts";
import { adapterOf, TIMER } from "../circumstances.ts";
import type { BenchDevice } from "../../reports/bench_file.ts";

/** The device, its clock (as far as samples of it show) and the kernels that were tuned for it. */
export function deviceFacts(
  device: Device,
  options: { kernels: KernelChoice; samples: readonly number[] },
): BenchDevice {
  const { kernels, samples } = options;
  return {
    adapter: adapterOf(device),
    timer: { kind: TIMER, resolutionSeconds: clockStep(samples) },
    kernels: { ...choiceWords(kernels) },
  };
}
