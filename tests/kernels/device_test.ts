/** A device: what is known of it, and how its failures come to light. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { adapterKey, type Device, openDevice } from "../../kernels/device.ts";
import { DeviceLost } from "../../kernels/failure.ts";
import { compile, createRecorder } from "../../kernels/recorder.ts";
import { createPool, download } from "../../kernels/tensor.ts";

/** Opens a device for a test that leaves it broken. */
const broken = (body: (device: Device) => Promise<void>) => async () => {
  const device = await openDevice();
  try {
    await body(device);
  } finally {
    device.close();
  }
};

/** Lets events that are due arrive. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

const facts = { vendor: "", architecture: "", device: "", description: "", software: false };

Deno.test("an adapter's key is its best name in letters that files may have", () => {
  const key = (names: Partial<typeof facts>) => adapterKey({ ...facts, ...names });
  assertEquals(
    key({ description: "llvmpipe (LLVM 15.0.6, 512 bits)" }),
    "llvmpipe-llvm-15-0-6-512-bits",
  );
  assertEquals(key({ description: "NVIDIA H200", device: "0x2335" }), "nvidia-h200");
  assertEquals(key({ device: "0x2335", vendor: "nvidia" }), "0x2335");
  assertEquals(key({ vendor: " AMD/ATI " }), "amd-ati");
  assertEquals(key({ description: "../../etc" }), "etc");
});

Deno.test("a device names its adapter and works until it is closed, which is no failure", async () => {
  const device = await openDevice();
  assert(device.adapter.description !== "");
  assertMatch(adapterKey(device.adapter), /^[a-z0-9-]+$/);
  assert([0, 4, 8, 16, 32, 64, 128].includes(device.subgroupSize));
  assertEquals(device.timestamps, device.gpu.features.has("timestamp-query"));
  assertEquals(device.gpu.limits.maxStorageBuffersPerShaderStage >= 8, true);
  device.check();
  device.close();
  await device.gpu.lost;
  await turn();
  assertEquals(device.failure(), undefined);
  device.check();
});

Deno.test(
  "a device that is destroyed by others is a failure",
  broken(async (device) => {
    const pool = createPool(device);
    const x = pool.upload("x", [4], new Float32Array(4));
    device.gpu.destroy();
    await device.gpu.lost;
    await turn();
    assertMatch(device.failure() ?? "", /^Lost the WebGPU device: destroyed\b.*; .*: nothing$/);
    assertThrows(() => device.check(), DeviceLost, device.failure());
    await assertRejects(() => download(device, [x]), DeviceLost);
  }),
);

Deno.test(
  "an error that no promise carries comes to light at the next check",
  broken(async (device) => {
    const { MAP_READ, STORAGE } = GPUBufferUsage;
    device.gpu.createBuffer({ label: "wrong", size: 4, usage: MAP_READ | STORAGE });
    await turn();
    const first = device.failure();
    assertMatch(first ?? "", /^WebGPU failed: .*MAP/);
    assertThrows(() => device.check(), Error, first);
    device.gpu.createShaderModule({ code: "fn main( {" });
    await turn();
    assertEquals(device.failure(), first, "the first failure is kept");
  }),
);

Deno.test(
  "an error in a scope belongs to the scope",
  broken(async (device) => {
    const { MAP_READ, STORAGE } = GPUBufferUsage;
    device.gpu.pushErrorScope("validation");
    device.gpu.createBuffer({ size: 4, usage: MAP_READ | STORAGE });
    assertMatch((await device.gpu.popErrorScope())?.message ?? "", /MAP/);
    await turn();
    assertEquals(device.failure(), undefined);
  }),
);

Deno.test(
  "a kernel that does not compile fails the recording that uses it",
  broken(async (device) => {
    const pool = createPool(device);
    const recorder = createRecorder(pool);
    const x = pool.upload("x", [4], new Float32Array(4));
    await assertRejects(async () => {
      recorder.launch({
        label: "nonsense",
        kernel: compile(
          device,
          "nonsense",
          "@compute @workgroup_size(1) fn main() { nonsense(); }",
        ),
        inputs: [x],
        uniforms: [],
        grid: [1],
      });
      await recorder.finish();
    }, Error);
    await turn();
    assertMatch(device.failure() ?? "", /nonsense/);
  }),
);
