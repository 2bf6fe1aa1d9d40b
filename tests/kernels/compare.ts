/** What the operator tests share: random inputs, variants to run, and the error bound. */
import { assert } from "@std/assert";
import { normals, split } from "../../kernels/base/random.ts";
import { type Device, openDevice } from "../../kernels/device.ts";
import type { Scaled } from "../../kernels/gemm/oracle.ts";
import { parseVariant, type Variant } from "../../kernels/gemm/variant.ts";
import { layoutOf, padded } from "../../kernels/layout.ts";
import { createPool, type Pool, type Tensor } from "../../kernels/tensor.ts";

/** Largest error as a fraction of the sum of absolute terms that an operator may show. */
export const TOLERANCE = 1e-5;

/** Runs a test body with a device and a pool, and closes them. */
export function withDevice(body: (pool: Pool, device: Device) => Promise<void>) {
  return async () => {
    const device = await openDevice();
    const pool = createPool(device);
    try {
      await body(pool, device);
      device.check();
    } finally {
      pool.trim();
      device.close();
    }
  };
}

/** Seeded normal numbers. */
export const numbers = (name: string, n: number, scale = 1) => normals(split(1, name), n, scale);

/** Variants of both families and sources that the device can run. */
export function variants(device: Device): Variant[] {
  const lanes = device.subgroupSize;
  const words = ["tile-64x1x16x1-buffer", "tile-32x2x16x1-texture"];
  if (lanes > 0) {
    words.push(`subgroup-${Math.max(lanes, 16)}x1x8x4-buffer`);
    words.push(`subgroup-${Math.max(lanes, 16)}x2x4x4-texture`);
  }
  return words.map(parseVariant);
}

/** Fails where an element is off by more than the tolerance times its scale. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: Scaled,
  options: { what: string; tolerance?: number },
): void {
  const { what, tolerance = TOLERANCE } = options;
  assert(actual.length === expected.values.length, `${what}: wrong length`);
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i] - expected.values[i]);
    assert(
      error <= tolerance * expected.scale[i],
      `${what}: element ${i} is ${actual[i]}, wanted ${expected.values[i]} within ` +
        `${tolerance} of ${expected.scale[i]}`,
    );
  }
}

/** A tensor with these values whose rows beyond the shape are NaN, as reused memory may have them. */
export function poisoned(
  pool: Pool,
  label: string,
  shape: readonly number[],
  data: Float32Array,
): Tensor {
  const { elements, pitch } = layoutOf(shape);
  const tensor = pool.tensor(label, shape);
  const all = padded(shape, data).slice();
  const columns = shape[shape.length - 1];
  const rows = shape[shape.length - 2];
  const planeRows = elements / pitch / (data.length / (rows * columns));
  for (let i = 0; i < elements; i++) {
    if (Math.floor(i / pitch) % planeRows >= rows) all[i] = NaN;
  }
  pool.device.gpu.queue.writeBuffer(tensor.buffer, 0, all as Float32Array<ArrayBuffer>);
  return tensor;
}
