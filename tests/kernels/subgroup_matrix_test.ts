/** The kernel for matrix units: its text, its arithmetic in an emulation, and who may run it. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UserError } from "../../kernels/base/errors.ts";
import { type Device, MATRIX_FEATURE, type MatrixConfig } from "../../kernels/device.ts";
import { gemmOracle } from "../../kernels/gemm/oracle.ts";
import {
  matrixConfigOf,
  subgroupMatrixGemm,
  subgroupMatrixReason,
} from "../../kernels/gemm/subgroup_matrix.ts";
import {
  MATRIX_SIDE,
  MATRIX_SUBGROUPS,
  MATRIX_TILE,
  subgroupMatrixShader,
} from "../../kernels/gemm/subgroup_matrix_shader.ts";
import { compile, createRecorder } from "../../kernels/recorder.ts";
import { requirementsOf } from "../../kernels/requirements.ts";
import { download, type Pool, type Tensor } from "../../kernels/tensor.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";

const shape = (m: number, n: number, k: number): MatrixConfig => ({
  component: "f16",
  result: "f32",
  m,
  n,
  k,
});
/** Shapes that devices report; the last ones are quick to emulate and tell rows from columns. */
const shapes = [shape(8, 8, 8), shape(16, 8, 8), shape(8, 16, 16), shape(16, 16, 16)];

Deno.test("the text of the product in matrices of 16x16x16", async (t) => {
  await t.assertSnapshot(subgroupMatrixShader(shape(16, 16, 16), 32));
});

Deno.test("every shape asks for no more than the smallest limits of WebGPU", () => {
  for (const config of shapes) {
    const needs = requirementsOf(subgroupMatrixShader(config, 64));
    assertEquals(needs.maxStorageBuffersPerShaderStage, 3);
    assertEquals(needs.maxComputeInvocationsPerWorkgroup, 256);
    assertEquals(needs.maxComputeWorkgroupStorageSize <= 16384, true);
  }
});

/**
 * The shader with subgroup matrices in plain WGSL: an operand is where it lies in workgroup memory,
 * a sum is where its elements lie there, and the lanes of a subgroup share them between them.
 */
function emulated({ m, n, k }: MatrixConfig, options: { code: string; lanes: number }): string {
  const { code, lanes } = options;
  const quarter = MATRIX_SIDE * MATRIX_SIDE;
  let sums = 0;
  const body = code
    .replace("enable chromium_experimental_subgroup_matrix;\n", "")
    .replace("diagnostic(off, chromium.subgroup_matrix_uniformity);\n", "")
    .replaceAll(/subgroup_matrix_(left|right)<f16, \d+, \d+>/g, "vec2u")
    .replace(/subgroup_matrix_result<f32, \d+, \d+>/, "u32")
    .replaceAll("= Sums();", () => `= zero(subgroup * ${quarter}u + ${m * n * sums++}u, thread);`)
    .replaceAll(/subgroupMatrixLoad<(Left|Right), row_major>\(&\w+, /g, "vec2u(")
    .replaceAll("subgroupMatrixMultiplyAccumulate(", "multiply(thread, ")
    .replace("subgroupMatrixStore<row_major>(&c_tile, ", "store(thread, ");
  return `${body}
var<workgroup> elements: array<f32, ${MATRIX_SUBGROUPS * quarter}>;
fn zero(sums: Sums, thread: u32) -> Sums {
  for (var e = thread % ${lanes}u; e < ${m * n}u; e += ${lanes}u) { elements[sums + e] = 0.0; }
  return sums;
}
fn multiply(thread: u32, a: Left, b: Right, sums: Sums) -> Sums {
  for (var e = thread % ${lanes}u; e < ${m * n}u; e += ${lanes}u) {
    var sum = elements[sums + e];
    // A count that the compiler does not know: it would unroll the loop, for seconds.
    for (var j = 0u; j < min(${k}u, p.k + ${k}u); j++) {
      sum += f32(a_tile[a.x + e / ${n}u * a.y + j]) * f32(b_tile[b.x + j * b.y + e % ${n}u]);
    }
    elements[sums + e] = sum;
  }
  return sums;
}
fn store(thread: u32, at: u32, sums: Sums, stride: u32) {
  for (var e = thread % ${lanes}u; e < ${m * n}u; e += ${lanes}u) {
    c_tile[at + e / ${n}u * stride + e % ${n}u] = elements[sums + e];
  }
}
`;
}

/** A matrix with NaN in the rows that follow it. */
function above(pool: Pool, data: Float16Array, shape: [number, number]): Tensor {
  const [rows, columns] = shape;
  const more = new Float16Array(MATRIX_TILE * columns).fill(NaN);
  const whole = Float16Array.of(...data, ...more);
  return { ...pool.upload("above", [rows + MATRIX_TILE, columns], whole), shape };
}

Deno.test(
  "in an emulation of the matrices, products of odd shapes are those of the oracle",
  withDevice(async (pool, device) => {
    if (!device.gpu.features.has("shader-f16") || device.subgroupSize === 0) return;
    const lanes = device.subgroupSize;
    for (const config of shapes.slice(-2)) {
      const code = emulated(config, { code: subgroupMatrixShader(config, lanes), lanes });
      const kernel = compile(device, "emulated", code);
      const recorder = createRecorder(pool);
      const cases = [[1, 1, 1], [65, 7, 33], [9, 71, 40]].map(([m, n, k]) => {
        const a = new Float16Array(numbers("a", m * k));
        const b = new Float16Array(numbers("b", k * n));
        const [ta, tb] = [above(pool, a, [m, k]), above(pool, b, [k, n])];
        const c = pool.upload("c", [m, n], new Float32Array(m * n).fill(NaN));
        recorder.launch({
          label: "emulated",
          kernel,
          inputs: [ta, tb, c],
          uniforms: [m, k, ta.pitch / 4, tb.pitch / 4, c.pitch / 4],
          grid: [Math.ceil(n / MATRIX_TILE), Math.ceil(m / MATRIX_TILE)],
        });
        return { a, b, c, m, n, k };
      });
      recorder.submit();
      // Padded columns included: products that follow rely on their zeros.
      const whole = cases.map(({ c, m }) => ({ ...c, shape: [m, c.pitch] }));
      const got = await download(device, whole);
      cases.forEach(({ a, b, c, m, n, k }, i) => {
        const wanted = gemmOracle(a, b, { m, n, k });
        const what = `${config.m}x${config.n}x${config.k} on ${m}x${n}x${k}`;
        const columns = (from: number, to: number) =>
          Array.from({ length: m }, (_, r) => [
            ...got[i].subarray(r * c.pitch + from, r * c.pitch + to),
          ]).flat();
        assertClose(columns(0, n), wanted, { what });
        assertEquals(columns(n, c.pitch), Array(m * (c.pitch - n)).fill(0), what);
      });
    }
  }),
);

/** A device as the kernel judges it. */
const judged = (given: {
  features?: string[];
  subgroupSize?: number;
  matrixConfigs?: MatrixConfig[];
  most?: number;
}): Device => {
  const { features = [MATRIX_FEATURE, "shader-f16"], most = 256, ...rest } = given;
  const gpu = {
    features: new Set(features),
    limits: { maxComputeInvocationsPerWorkgroup: most },
  } as unknown as GPUDevice;
  const device = { subgroupSize: 32, matrixConfigs: [shape(16, 16, 16)], ...rest };
  return { ...device, gpu, adapter: { description: "Card" } } as unknown as Device;
};

Deno.test("a device without matrix units is told why, in words", () => {
  const reason = (given: Parameters<typeof judged>[0]) => subgroupMatrixReason(judged(given));
  assertEquals(reason({}), undefined);
  assertEquals(reason({ features: ["shader-f16"] }), `Card has no ${MATRIX_FEATURE}`);
  assertEquals(reason({ features: [] }), `Card has no ${MATRIX_FEATURE}, no shader-f16`);
  assertEquals(reason({ subgroupSize: 0 }), "the size of its subgroups is not fixed");
  assertStringIncludes(reason({ subgroupSize: 128 }) ?? "", "4 subgroups are 512 threads");
  assertStringIncludes(reason({ matrixConfigs: [] }) ?? "", "found none");
  const others = [{ ...shape(8, 8, 8), component: "f32" }, shape(16, 16, 48), shape(32, 32, 16)];
  assertStringIncludes(
    reason({ matrixConfigs: others }) ?? "",
    "found f32 to f32 8x8x8, f16 to f32 16x16x48, f16 to f32 32x32x16",
  );
});

Deno.test("of the shapes that a device has, the one with the most products is taken", () => {
  const matrixConfigs = [shape(8, 8, 8), shape(16, 16, 16), shape(16, 8, 16), shape(32, 32, 32)];
  assertEquals(matrixConfigOf(judged({ matrixConfigs })), shape(16, 16, 16));
});

Deno.test(
  "where there are matrix units a product is the oracle's, and elsewhere it is refused",
  withDevice(async (pool, device) => {
    const [m, n, k] = [70, 130, 129];
    const f16 = device.gpu.features.has("shader-f16");
    const array = (name: string, size: number) =>
      f16 ? new Float16Array(numbers(name, size)) : numbers(name, size);
    const [a, b] = [array("a", m * k), array("b", k * n)];
    const ta = pool.upload("a", [m, k], a);
    const options = { b: pool.upload("b", [k, n], b), label: "c" };
    const recorder = createRecorder(pool);
    const reason = subgroupMatrixReason(device);
    if (reason !== undefined) {
      assertThrows(() => subgroupMatrixGemm(recorder, ta, options), UserError, reason);
      return;
    }
    const c = subgroupMatrixGemm(recorder, ta, options);
    recorder.submit();
    assertClose((await download(device, [c]))[0], gemmOracle(a, b, { m, n, k }), { what: "c" });
  }),
);
