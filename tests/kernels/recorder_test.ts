/** Launches: their limits, their order, their times. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { UserError } from "../../kernels/base/errors.ts";
import { gemm } from "../../kernels/gemm/gemm.ts";
import { parseVariant } from "../../kernels/gemm/variant.ts";
import { compile, createRecorder, linearGrid, type Recorder } from "../../kernels/recorder.ts";
import { download, type Pool, type Tensor } from "../../kernels/tensor.ts";
import { withDevice } from "./compare.ts";

/** x[i] = x[i] * factor + add. */
const code = `
struct Params { n: u32, factor: f32, add: f32 };
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<uniform> p: Params;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i < p.n) { x[i] = x[i] * p.factor + p.add; }
}`;

function scale(recorder: Recorder, x: Tensor, values: { factor: number; add: number }): void {
  const [n] = x.shape;
  recorder.launch({
    label: "scale",
    kernel: compile(recorder.device, "scale", code),
    inputs: [x],
    uniforms: [n, { f32: values.factor }, { f32: values.add }],
    grid: linearGrid(n),
  });
}

const ones = (pool: Pool, n: number) => pool.upload("ones", [n], new Float32Array(n).fill(1));

Deno.test(
  "launches run in the order in which they are recorded, each with its own uniforms",
  withDevice(async (pool, device) => {
    for (const timed of [false, true]) {
      const x = ones(pool, 100);
      const recorder = createRecorder(pool, { timed });
      scale(recorder, x, { factor: 3, add: 0.5 });
      scale(recorder, x, { factor: -2, add: 1 });
      const times = await recorder.finish();
      assertEquals(times.length, timed ? 2 : 0);
      assertEquals(await download(device, [x]), [new Float32Array(100).fill(-6)]);
    }
  }),
);

Deno.test(
  "what is submitted without a wait is there for the next recorder",
  withDevice(async (pool, device) => {
    const x = ones(pool, 10);
    for (let step = 0; step < 3; step++) {
      const recorder = createRecorder(pool);
      scale(recorder, x, { factor: 2, add: 0 });
      recorder.submit();
    }
    assertEquals(pool.openRecorders, 0);
    assertEquals(await download(device, [x]), [new Float32Array(10).fill(8)]);
  }),
);

Deno.test(
  "one text is compiled once for a device",
  withDevice((_, device) => {
    const first = compile(device, "scale", code);
    assertStrictEquals(compile(device, "again", code), first);
    assert(compile(device, "other", code + "\n// other\n") !== first);
    return Promise.resolve();
  }),
);

Deno.test("a linear grid has room for every thread and keeps within a dimension", () => {
  assertEquals(linearGrid(1), [1, 1]);
  assertEquals(linearGrid(65), [2, 1]);
  for (const threads of [64 * 65535, 64 * 65535 + 1, 2 ** 28]) {
    const [x, y] = linearGrid(threads);
    assert(x <= 65535 && y <= 65535);
    assert(64 * x * y >= threads);
    assert(64 * x * (y - 1) < threads, "a row of workgroups too many");
  }
});

Deno.test(
  "a grid over the device's limit is refused before it is recorded",
  withDevice(async (pool, device) => {
    const most = device.gpu.limits.maxComputeWorkgroupsPerDimension;
    const x = ones(pool, 10);
    const recorder = createRecorder(pool, { timed: true });
    const launch = (grid: [number, number?, number?]) =>
      recorder.launch({
        label: "scale",
        kernel: compile(device, "scale", code),
        inputs: [x],
        uniforms: [0, { f32: 1 }, { f32: 0 }],
        grid,
      });
    for (const grid of [[most + 1], [1, most + 1], [1, 1, most + 1]] as [number][]) {
      assertThrows(
        () => launch(grid),
        UserError,
        `Cannot launch scale: ${most + 1} workgroups in one dimension exceed the device's ` +
          `maxComputeWorkgroupsPerDimension of ${most}`,
      );
    }
    launch([1, 1, 1]);
    assertEquals((await recorder.finish()).length, 1);
  }),
);

Deno.test(
  "a timed recorder gives each launch one time, in order, copies into mirrors included",
  withDevice(async (pool) => {
    const variant = parseVariant("tile-32x1x16x1-texture");
    const [a, b] = ["a", "b"].map((name) => pool.upload(name, [64, 64], new Float32Array(4096)));
    const recorder = createRecorder(pool, { timed: true });
    const c = gemm(recorder, a, { b, label: "with copies", variant });
    assertEquals([a.slot.mirrored, b.slot.mirrored, c.slot.mirrored], [true, true, false]);
    gemm(recorder, a, { b, label: "without", variant });
    scale(recorder, ones(pool, 64), { factor: 1, add: 0 });
    const times = await recorder.finish();
    assertEquals(times.map(({ label }) => label), ["with copies", "without", "scale"]);
    assertEquals(times[0].startSeconds, 0);
    for (const { label, startSeconds, endSeconds } of times) {
      assert(endSeconds > startSeconds, `${label} took no time`);
      assert(endSeconds < 10, `${label} is not in seconds`);
    }
    times.slice(1).forEach(({ startSeconds }, i) => assert(startSeconds >= times[i].endSeconds));
  }),
);
