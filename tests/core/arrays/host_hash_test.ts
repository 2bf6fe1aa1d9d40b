import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  HASH_WGSL,
  hashBucket,
  hashNoise,
  hashUniform,
  mixHash,
  noiseKey,
} from "../../../core/arrays/hash.ts";
import { openDevice } from "../../../kernels/device.ts";

const COUNT = 4096;
const series = (of: (i: number) => number) => Array.from({ length: COUNT }, (_, i) => of(i));
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

Deno.test("a seed, a step and a name give other numbers each", () => {
  const keys = [
    noiseKey("jitter", { seed: 1, step: 0 }),
    noiseKey("jitter", { seed: 2, step: 0 }),
    noiseKey("jitter", { seed: 1, step: 1 }),
    noiseKey("jitted", { seed: 1, step: 0 }),
    noiseKey("", { seed: 1, step: 0 }),
  ];
  assertEquals(new Set(keys).size, keys.length);
  assertEquals(keys[0], noiseKey("jitter", { seed: 1, step: 0 }));
});

Deno.test("uniform numbers never touch 0 or 1 and are exact in 32-bit floats", () => {
  assertEquals(hashUniform(0), 2 ** -24);
  assertEquals(hashUniform(0xffffffff), 1 - 2 ** -24);
  for (const u of series((i) => hashUniform(mixHash(3, i)))) assertEquals(Math.fround(u), u);
});

Deno.test("noise has the moments of its distribution", () => {
  const key = noiseKey("moments", { seed: 1, step: 0 });
  const moments = {
    uniform: { mean: 0.5, variance: 1 / 12 },
    normal: { mean: 0, variance: 1 },
    gumbel: { mean: 0.5772156649, variance: Math.PI ** 2 / 6 },
  } as const;
  for (const kind of ["uniform", "normal", "gumbel"] as const) {
    const values = series((i) => hashNoise(kind, key, i));
    const { mean: wanted, variance } = moments[kind];
    // Five standard errors of each moment of so many numbers; kurtosis is at most 5.4.
    assertAlmostEquals(mean(values), wanted, 5 * Math.sqrt(variance / COUNT));
    const squares = mean(values.map((v) => (v - wanted) ** 2));
    assertAlmostEquals(squares, variance, 5 * variance * Math.sqrt(5 / COUNT));
  }
});

Deno.test("buckets of a hash are about equally full", () => {
  const counts = new Uint32Array(8);
  for (const id of series((i) => hashBucket([i], { buckets: 8, seed: 1 }))) counts[id]++;
  const chi = counts.reduce((sum, n) => sum + (n - COUNT / 8) ** 2 / (COUNT / 8), 0);
  assert(chi < 24.3, `chi-squared of 7 degrees is ${chi}`); // 1 in 1000
  const other = series((i) => hashBucket([i], { buckets: 8, seed: 2 }));
  const same = other.filter((id, i) => id === hashBucket([i], { buckets: 8, seed: 1 })).length;
  assertAlmostEquals(same / COUNT, 1 / 8, 0.03);
});

Deno.test("WGSL gives the same hashes and uniform numbers, and the same noise but for rounding", async () => {
  const device = await openDevice();
  try {
    const { gpu } = device;
    const code = `${HASH_WGSL}
@group(0) @binding(0) var<storage, read_write> out: array<vec4f>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  out[i] = vec4f(bitcast<f32>(mix_hash(77u, i) >> 9u), hash_uniform(mix_hash(77u, i)),
    hash_normal(77u, i), hash_gumbel(77u, i));
}`;
    const bytes = COUNT * 16;
    const out = gpu.createBuffer({
      size: bytes,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
    });
    const read = gpu.createBuffer({
      size: bytes,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const pipeline = gpu.createComputePipeline({
      layout: "auto",
      compute: { module: gpu.createShaderModule({ code }), entryPoint: "main" },
    });
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    const entries = [{ binding: 0, resource: { buffer: out } }];
    pass.setBindGroup(
      0,
      gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
    );
    pass.dispatchWorkgroups(COUNT / 64);
    pass.end();
    encoder.copyBufferToBuffer(out, 0, read, 0, bytes);
    gpu.queue.submit([encoder.finish()]);
    await read.mapAsync(GPUMapMode.READ);
    const bits = new Uint32Array(read.getMappedRange());
    const values = new Float32Array(bits.buffer);
    for (let i = 0; i < COUNT; i++) {
      assertEquals(bits[4 * i], mixHash(77, i) >>> 9);
      assertEquals(values[4 * i + 1], hashNoise("uniform", 77, i));
      assertAlmostEquals(values[4 * i + 2], hashNoise("normal", 77, i), 1e-4);
      // The slope of -log(-log u) grows without bound towards 1, where u itself is exact.
      assertAlmostEquals(values[4 * i + 3], hashNoise("gumbel", 77, i), 1e-3);
    }
    out.destroy();
    read.destroy();
    device.check();
  } finally {
    device.close();
  }
});
