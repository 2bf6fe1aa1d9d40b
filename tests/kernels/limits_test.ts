/** What a device cannot hold, by the name of the limit; and what to do when it is gone. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../kernels/base/errors.ts";
import { type Device, openDevice } from "../../kernels/device.ts";
import { DeviceLost } from "../../kernels/failure.ts";
import { combine } from "../../kernels/combine/combine.ts";
import { compile, createRecorder, linearGrid } from "../../kernels/recorder.ts";
import { requirementsOf } from "../../kernels/requirements.ts";
import { createPool, download, mirrorOf, type Pool } from "../../kernels/tensor.ts";
import { withDevice } from "./compare.ts";

/** A device that has nothing but limits. */
const limited = (limits: Partial<Record<keyof GPUSupportedLimits, number>>) =>
  ({ gpu: { limits }, wgslHeader: "" }) as unknown as Device;

const MiB = 2 ** 20;

Deno.test("a tensor beyond a limit is refused with limit, value found and value wanted", () => {
  const roomy = { maxStorageBufferBindingSize: 2 ** 40, maxBufferSize: 2 ** 40 };
  const refusal = (limits: Parameters<typeof limited>[0]) =>
    assertThrows(
      () => createPool(limited({ ...roomy, ...limits })).tensor("w_DF", [65536, 4096]),
      UserError,
    ).message;
  assertEquals(
    refusal({ maxStorageBufferBindingSize: 128 * MiB }),
    "Cannot hold w_DF [65536, 4096] of 1024 MiB: " +
      "the device's maxStorageBufferBindingSize is 128 MiB",
  );
  assertEquals(
    refusal({ maxBufferSize: 256 * MiB }),
    "Cannot hold w_DF [65536, 4096] of 1024 MiB: the device's maxBufferSize is 256 MiB",
  );
});

Deno.test(
  "a mirror beyond the largest texture is refused",
  withDevice((pool, device) => {
    const tensor = pool.tensor("w", [8, 8192]);
    const narrow = limited({ maxTextureDimension2D: 8 });
    const { message } = assertThrows(() => mirrorOf(narrow, tensor), UserError);
    assertEquals(
      message,
      "Cannot mirror w [8, 8192]: 16 texture rows exceed the device's maxTextureDimension2D of 8",
    );
    return Promise.resolve(device.check());
  }),
);

Deno.test(
  "a grid beyond a dimension is refused by the name of its launch",
  withDevice((pool, device) => {
    const most = device.gpu.limits.maxComputeWorkgroupsPerDimension;
    const recorder = createRecorder(pool);
    const kernel = compile(device, "nothing", "@compute @workgroup_size(1) fn main() {}");
    const launch = { label: "huge", kernel, inputs: [], uniforms: [] };
    const { message } = assertThrows(
      () => recorder.launch({ ...launch, grid: [1, most + 1] }),
      UserError,
    );
    assertEquals(
      message,
      `Cannot launch huge: ${most + 1} workgroups in one dimension exceed the device's ` +
        `maxComputeWorkgroupsPerDimension of ${most}`,
    );
    return Promise.resolve();
  }),
);

Deno.test("what a shader asks for is read from its text, constants and aliases included", () => {
  const code = `
    alias T4 = vec4<f16>;
    const SIDE: u32 = 16u;
    @group(0) @binding(0) var<storage, read> a: array<T4>;
    @group(0) @binding(1) var<storage, read_write> b: array<f32>;
    // @group(0) @binding(2) var<storage> not_this: array<f32>;
    @group(0) @binding(2) var<uniform> p: vec4u;
    var<workgroup> tile: array<array<T4, 8>, SIDE>;
    var<workgroup> count: atomic<u32>;
    var<workgroup> three: array<vec3f, 2>;
    var<workgroup> own: Own;
    @compute @workgroup_size(SIDE, 4, 2)
    fn main() {}`;
  assertEquals(requirementsOf(code), {
    maxStorageBuffersPerShaderStage: 2,
    maxComputeWorkgroupStorageSize: 16 * 8 * 8 + 4 + 2 * 16,
    maxComputeInvocationsPerWorkgroup: 128,
  });
});

Deno.test("a shader beyond a limit is refused before it is compiled", () => {
  const device = limited({
    maxStorageBuffersPerShaderStage: 8,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256,
  });
  const refusal = (code: string) =>
    assertThrows(() => compile(device, "tile", code), UserError).message;
  assertEquals(
    refusal("var<workgroup> t: array<vec4f, 1025>; @compute @workgroup_size(64) fn main() {}"),
    "Cannot compile tile: it needs 16400, and the device's maxComputeWorkgroupStorageSize is 16384",
  );
  assertEquals(
    refusal("@compute @workgroup_size(16, 17) fn main() {}"),
    "Cannot compile tile: it needs 272, and the device's maxComputeInvocationsPerWorkgroup is 256",
  );
  assertEquals(
    refusal("var<storage> x: array<f32>;\n".repeat(9)),
    "Cannot compile tile: it needs 9, and the device's maxStorageBuffersPerShaderStage is 8",
  );
});

/** x[i] = x[i] * 3 + i, a step that does not forget where it began. */
const STEP = `
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<uniform> p: vec4u;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < p.x) { x[id.x] = x[id.x] * 3.0 + f32(id.x); }
}`;
const N = 100;

/** Steps from `start` on, each its own submission; nothing is awaited. */
function run(pool: Pool, start: Float32Array, steps: number) {
  const x = pool.upload("x", [N], start);
  for (let step = 0; step < steps; step++) {
    const recorder = createRecorder(pool);
    const kernel = compile(pool.device, "step", STEP);
    recorder.launch({
      label: `step ${step}`,
      kernel,
      inputs: [x],
      uniforms: [N],
      grid: linearGrid(N),
    });
    recorder.submit();
  }
  return x;
}

Deno.test("work on a device that is lost goes on from the last download, on a new one", async () => {
  const first = await openDevice();
  const [whole] = await download(first, [run(createPool(first), new Float32Array(N), 8)]);
  first.close();

  const doomed = await openDevice();
  const pool = createPool(doomed);
  const [saved] = await download(doomed, [run(pool, new Float32Array(N), 3)]);
  const x = run(pool, saved, 5);
  doomed.gpu.destroy();
  const error = await assertRejects(() => download(doomed, [x]), DeviceLost);
  assertEquals(error.lastLabel, "step 4");
  assert(/^Lost the WebGPU device: .*; last submitted: step 4$/.test(error.message), error.message);
  assertThrows(() => doomed.check(), DeviceLost);
  await assertRejects(() => createRecorder(pool).finish(), DeviceLost);
  doomed.close();

  const fresh = await openDevice();
  const [resumed] = await download(fresh, [run(createPool(fresh), saved, 5)]);
  fresh.check();
  fresh.close();
  assertEquals(resumed, whole);
});

Deno.test("an operator on a lost device gives the loss, not what follows from it", async () => {
  const device = await openDevice();
  const pool = createPool(device);
  const rows = pool.upload("rows", [2, 4], new Float32Array(8));
  const places = pool.upload("places", [2], Uint32Array.of(0, 1));
  const weights = pool.upload("weights", [2], Float32Array.of(1, 1));
  device.gpu.destroy();
  await assertRejects(async () => {
    const recorder = createRecorder(pool);
    combine(recorder, rows, { places, weights, topK: 1 });
    await recorder.finish();
  }, DeviceLost);
  device.close();
});
