/** What the tests of gradients share: slopes of an oracle, storage types, and one batch of cases. */
import { assert } from "@std/assert";
import type { Device } from "../../kernels/device.ts";
import type { Scaled } from "../../kernels/gemm/oracle.ts";
import type { HostArray } from "../../kernels/layout.ts";
import { createRecorder, type Recorder } from "../../kernels/recorder.ts";
import { download, type Pool, type Tensor } from "../../kernels/tensor.ts";

type Parts<K extends string> = Record<K, ArrayLike<number>>;

/**
 * Fails where a gradient is off from the central difference of `f`, in f64, by more than 1e-3 of
 * it (or of the gradient's largest element, where that is more).
 */
export function assertSlopes<K extends string>(
  f: (parts: Parts<K>) => number,
  parts: Parts<K>,
  options: { gradients: Parts<NoInfer<K>>; what: string },
): void {
  const names = Object.keys(options.gradients) as K[];
  for (const name of names) {
    const x = Float64Array.from(parts[name]);
    const gradient = Float64Array.from(options.gradients[name]);
    const largest = gradient.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    for (let i = 0; i < x.length; i++) {
      const step = 1e-5 * Math.max(1, Math.abs(x[i]));
      const at = (v: number) => {
        const moved = x.slice();
        moved[i] = v;
        return f({ ...parts, [name]: moved });
      };
      const slope = (at(x[i] + step) - at(x[i] - step)) / (2 * step);
      assert(
        Math.abs(slope - gradient[i]) <= 1e-3 * Math.max(Math.abs(slope), 1e-3 * largest, 1e-9),
        `${options.what}: d/d${name}[${i}] is ${gradient[i]}, the slope ${slope}`,
      );
    }
  }
}

/** A storage type as tests use it: how values are rounded, and the error its results may show. */
export interface StorageCase {
  /** Rounds to what the device will hold. */
  host: (values: Float32Array) => HostArray;
  /** The scale of what is stored: below 1e-38 an f32 is 0, below 6e-5 an f16 has steps of 6e-8. */
  stored: (wanted: Scaled) => Scaled;
  /** Largest error of a result as a fraction of its scale. */
  tolerance: number;
  /** The same for gradients. */
  gradientTolerance: number;
}

const within = (least: number) => ({ values, scale }: Scaled): Scaled => ({
  values,
  scale: scale.map((s) => s + least),
});

/** f32, and f16 where the device computes with it: its results are rounded to 11 bits. */
export function storages(device: Device): StorageCase[] {
  const f32: StorageCase = {
    host: (v) => v,
    stored: within(1e-32),
    tolerance: 1e-5,
    gradientTolerance: 1e-4,
  };
  const f16: StorageCase = {
    host: (v) => Float16Array.from(v),
    stored: within(1e-4),
    tolerance: 1e-3,
    gradientTolerance: 1e-3,
  };
  return device.gpu.features.has("shader-f16") ? [f32, f16] : [f32];
}

/** Tensors that a case recorded, and the check of what they hold (u32 comes as Uint32Array). */
export interface Recorded {
  tensors: Tensor[];
  check: (values: Float32Array[]) => void;
}

/** Records all cases, waits once, and checks each. */
export async function batch(
  pool: Pool,
  cases: readonly ((recorder: Recorder) => Recorded)[],
): Promise<void> {
  const recorder = createRecorder(pool);
  const recorded = cases.map((record) => record(recorder));
  recorder.submit();
  const values = await download(pool.device, recorded.flatMap((r) => r.tensors));
  for (const { tensors, check } of recorded) check(values.splice(0, tensors.length));
}
