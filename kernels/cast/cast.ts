/**
 * From one float storage to another.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import { copyTensor } from "../map/recipes.ts";
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Records a copy of a tensor in another float storage and gives it: 2 n elements moved, at their own
 * widths. To f16, values are rounded to the nearest and those beyond 65504 have no defined result.
 *
 * @throws {UserError} where f16 is asked for and the device has no 16-bit floats.
 *
 * @example Into the same storage it is a copy
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const x = pool.upload("x", [2], Float32Array.of(0.5, 1.25));
 * const recorder = k.createRecorder(pool);
 * const y = k.cast(recorder, x, { to: "f32" });
 * recorder.submit();
 * const [values] = await k.download(device, [y]);
 * device.close();
 * assertEquals([...values], [0.5, 1.25]);
 * ```
 */
export function cast(
  recorder: Recorder,
  x: Tensor,
  options: { to: "f32" | "f16"; label?: string },
): Tensor {
  const { to, label = `${x.label} as ${to}` } = options;
  if (to === "f16" && !recorder.device.gpu.features.has("shader-f16")) {
    throw new UserError(
      `Cannot cast ${x.label} to f16: ${recorder.device.adapter.description} has no shader-f16, ` +
        "wanted f32",
    );
  }
  return copyTensor(recorder, x, { dtype: to, label });
}
