/**
 * What a benchmark says of the device that it ran on.
 *
 * @module
 */
import type { Device } from "../../kernels/device.ts";
import { choiceWords, type KernelChoice } from "../../kernels/tune.ts";
import type { BenchDevice } from "../../reports/bench_file.ts";

const shownLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeInvocationsPerWorkgroup",
] as const;

/** Step of the device's clock: the greatest common divisor of all times that it gave. */
function stepOf(seconds: readonly number[]): number {
  const divisor = (a: number, b: number): number => b === 0 ? a : divisor(b, a % b);
  return Math.max(1, seconds.map((s) => Math.round(s * 1e9)).reduce(divisor, 0)) * 1e-9;
}

/** The device, its clock (as far as samples of it show) and the kernels that were tuned for it. */
export function deviceFacts(
  device: Device,
  options: { kernels: KernelChoice; samples: readonly number[] },
): BenchDevice {
  const { gpu, adapter, subgroupSize } = device;
  const { kernels, samples } = options;
  return {
    adapter: {
      ...adapter,
      features: [...gpu.features].map(String).sort(),
      limits: Object.fromEntries(shownLimits.map((name) => [name, gpu.limits[name]])),
      subgroupSize,
    },
    timer: {
      kind: "WebGPU timestamp queries at pass boundaries",
      resolutionSeconds: stepOf(samples),
    },
    kernels: { ...choiceWords(kernels) },
  };
}
