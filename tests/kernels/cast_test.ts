import { assertEquals, assertThrows } from "@std/assert";
import { cast } from "../../kernels/cast/cast.ts";
import { castOracle } from "../../kernels/cast/oracle.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { createPool, download } from "../../kernels/tensor.ts";
import { numbers, withDevice } from "./compare.ts";

Deno.test(
  "a cast to f16 and back gives the nearest values that f16 holds",
  withDevice(async (pool, device) => {
    const shape = [3, 11, 37];
    const x = numbers("x", 3 * 11 * 37, 4);
    const tx = pool.upload("x", shape, x);
    const recorder = createRecorder(pool);
    if (!device.gpu.features.has("shader-f16")) {
      assertThrows(() => cast(recorder, tx, { to: "f16" }), TypeError, "no shader-f16, wanted f32");
      return;
    }
    const half = cast(recorder, tx, { to: "f16" });
    const back = cast(recorder, half, { to: "f32" });
    recorder.submit();
    assertEquals([half.dtype, back.dtype, half.label], ["f16", "f32", "x as f16"]);
    const [values] = await download(device, [back]);
    assertEquals(Float64Array.from(values), castOracle(x, "f16"));
    const [stored] = await download<Float16Array<ArrayBuffer>>(device, [half]);
    assertEquals(Float64Array.from(stored), castOracle(x, "f16"));
  }),
);

Deno.test(
  "a device without 16-bit floats is told by name",
  withDevice(async (_, device) => {
    const features = new Set<GPUFeatureName>() as unknown as GPUSupportedFeatures;
    const gpu = new Proxy(device.gpu, {
      get: (target, key) => {
        if (key === "features") return features;
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const pool = createPool({ ...device, gpu });
    const recorder = createRecorder(pool);
    const x = pool.upload("x", [1], Float32Array.of(1));
    assertThrows(() => cast(recorder, x, { to: "f16" }), TypeError, "Cannot cast x to f16");
    recorder.submit();
    await device.gpu.queue.onSubmittedWorkDone();
  }),
);
