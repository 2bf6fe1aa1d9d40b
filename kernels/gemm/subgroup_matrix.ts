/**
 * Products on matrix units, where the device has them and says in which shapes.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import { type Device, MATRIX_FEATURE, type MatrixConfig } from "../device.ts";
import { compile, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import {
  MATRIX_SIDE,
  MATRIX_SUBGROUPS,
  MATRIX_TILE,
  subgroupMatrixShader,
} from "./subgroup_matrix_shader.ts";

const shapeOf = ({ component, result, m, n, k }: MatrixConfig) =>
  `${component} to ${result} ${m}x${n}x${k}`;

/** Shapes that the kernel can be made of; a larger result would not find room in every device. */
const fits = ({ component, result, m, n, k }: MatrixConfig) =>
  component === "f16" && result === "f32" && m * n <= 256 &&
  [m, n, k].every((side) => side % 4 === 0 && MATRIX_SIDE % side === 0);

/** The shape that the kernel is made for: of those that fit, the one with the most products. */
export function matrixConfigOf(device: Device): MatrixConfig | undefined {
  const size = ({ m, n, k }: MatrixConfig) => m * n * k;
  return device.matrixConfigs.filter(fits).sort((a, b) => size(b) - size(a))[0];
}

/** Why a device cannot run products on matrix units, or `undefined` where it can. */
export function subgroupMatrixReason(device: Device): string | undefined {
  const { features, limits } = device.gpu;
  const lacking = [MATRIX_FEATURE, "shader-f16"].filter((f) => !features.has(f as GPUFeatureName));
  if (lacking.length > 0) return `${device.adapter.description} has no ${lacking.join(", no ")}`;
  if (device.subgroupSize === 0) return "the size of its subgroups is not fixed";
  const threads = MATRIX_SUBGROUPS * device.subgroupSize;
  const most = limits.maxComputeInvocationsPerWorkgroup;
  if (threads > most) {
    return `${MATRIX_SUBGROUPS} subgroups are ${threads} threads, and its ` +
      `maxComputeInvocationsPerWorkgroup is ${most}`;
  }
  if (matrixConfigOf(device) === undefined) {
    const found = device.matrixConfigs.map(shapeOf).join(", ") || "none";
    return `wanted a matrix shape such as f16 to f32 16x16x16, found ${found}`;
  }
  return undefined;
}

/**
 * Records C[m, n] = A[m, k] B[k, n] on matrix units: A and B in f16, sums and C in f32.
 *
 * @throws {UserError} where the device cannot, see {@linkcode subgroupMatrixReason}.
 * @throws {RangeError} where the inner sizes differ or an operand is not f16.
 */
export function subgroupMatrixGemm(
  recorder: Recorder,
  a: Tensor,
  options: { b: Tensor; label: string },
): Tensor {
  const { b, label } = options;
  const { device, pool } = recorder;
  const reason = subgroupMatrixReason(device);
  if (reason !== undefined) throw new UserError(`Cannot multiply ${label} in matrices: ${reason}`);
  const [m, k] = a.shape;
  const [kb, n] = b.shape;
  if (k !== kb || a.dtype !== "f16" || b.dtype !== "f16") {
    throw new RangeError(
      `Cannot multiply for ${label}: A is ${a.dtype} with ${k} columns, B ${b.dtype} with ${kb} ` +
        "rows: wanted f16 and the same inner size",
    );
  }
  const c = pool.tensor(label, [m, n]);
  const config = matrixConfigOf(device)!;
  recorder.launch({
    label,
    kernel: compile(
      device,
      `gemm in matrices ${shapeOf(config)}`,
      subgroupMatrixShader(config, device.subgroupSize),
    ),
    inputs: [a, b, c],
    uniforms: [m, k, a.pitch / 4, b.pitch / 4, c.pitch / 4],
    grid: [Math.ceil(n / MATRIX_TILE), Math.ceil(m / MATRIX_TILE)],
  });
  return c;
}
