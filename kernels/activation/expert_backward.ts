/**
 * The backward pass through an expert's activation, which keeps pre-activations alone.
 *
 * After SonicMoE (arXiv 2512.14080): the activation is made again from h rather than stored, and the
 * gradient of the routing weights is a row sum of what is at hand, so that the experts' outputs need
 * not be stored either.
 *
 * @module
 */
import { shaderText } from "../shader_text.ts";
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { zeroTensor } from "../map/recipes.ts";
import type { Tensor } from "../tensor.ts";
import type { ActivationOptions } from "./activation.ts";
import { expertShader } from "./expert_shader.ts";
import rowPartsCode from "./row_parts.wgsl" with { type: "text" };

/** Vectors of a row that one thread takes. */
const VECTORS_A_THREAD = 16;

/** The routing weights of rows that are sorted by expert. */
export interface RowWeights {
  /** Weight of each choice (token * K + slot), flat, f32. */
  weights: Tensor;
  /** The choice in each row, u32: `rowIds` of the token groups. */
  rowIds: Tensor;
  /**
   * True where choices may have been dropped: rows without a choice are left alone, and the gradient
   * of a weight without a row is 0.
   */
  partial?: boolean;
}

/** Gradients that an expert's activation hands on. */
export interface ExpertGradients {
  /** Gradient of h, of its shape. */
  dh: Tensor;
  /** Gradient of the routing weights, f32, of their shape; where there are weights. */
  dweights?: Tensor;
}

/**
 * Records the backward pass of out = s * (act(h) W) from da = dout W^T [rows, F], taken before the
 * weight s of each row; s is 1 where no weights are given. Gives dh, the gradient of h (s * da times
 * the slopes), and dweights[choice] = sum over the row of da * act(h). `da` is overwritten: it then
 * holds s * act(h), the factor that the gradient of W needs.
 *
 * Every choice has to have a row, unless `row.partial` is set. For n elements of da: 4 n elements moved, 6 n where gated, and 2 a
 * row for the weights; about 4 n FLOP (8 n gated) beside the activation's own.
 *
 * @throws {RangeError} where h, da and the weights do not fit.
 *
 * @example One row of a SwiGLU expert with the weight 0.5
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const h = pool.upload("h", [2, 1, 1], Float32Array.of(1, 3));
 * const da = pool.upload("da", [1, 1], Float32Array.of(2));
 * const row = {
 *   weights: pool.upload("weights", [1], Float32Array.of(0.5)),
 *   rowIds: pool.upload("row_ids", [1], Uint32Array.of(0)),
 * };
 * const recorder = k.createRecorder(pool);
 * const options = { kind: "silu", gated: true, h, row } as const;
 * const { dweights } = k.expertBackward(recorder, da, options);
 * recorder.submit();
 * const [dw, as] = await k.download(device, [dweights!, da]);
 * device.close();
 * const a = 3 / (1 + Math.exp(-1));
 * assertAlmostEquals(dw[0], 2 * a, 1e-4);
 * assertAlmostEquals(as[0], 0.5 * a, 1e-4);
 * ```
 */
export function expertBackward(
  recorder: Recorder,
  da: Tensor,
  options: ActivationOptions & { h: Tensor; row?: RowWeights },
): ExpertGradients {
  const { kind, h, gated = false, row, label = `expert ${kind} backward` } = options;
  const { pool, device } = recorder;
  const [rows] = da.shape;
  const wanted = gated ? [2, ...da.shape] : da.shape;
  if (h.shape.join() !== wanted.join() || h.dtype !== da.dtype) {
    throw new RangeError(
      `Cannot record ${label}: ${h.label} is ${h.dtype} [${h.shape.join(", ")}], ` +
        `wanted ${da.dtype} [${wanted.join(", ")}]`,
    );
  }
  if (row && row.rowIds.shape[0] !== rows) {
    throw new RangeError(
      `Cannot record ${label}: found ${row.rowIds.shape[0]} row ids for ${rows} rows`,
    );
  }
  const vectors = da.pitch / 4;
  const lanes = Math.ceil(vectors / VECTORS_A_THREAD);
  const form = { gated, weighted: row !== undefined, dtype: da.dtype };
  const key = `expert backward ${JSON.stringify([kind, form])}`;
  const code = shaderText(key, () => expertShader(kind, form));
  const dh = pool.tensor(`${label} dh`, h.shape, { dtype: h.dtype });
  const parts = row && pool.tensor(`${label} parts`, [rows * lanes]);
  recorder.launch({
    label,
    kernel: compile(device, `expert ${kind} backward`, code),
    inputs: [h, da, dh, ...(row ? [row.weights, row.rowIds, parts!] : [])],
    uniforms: [rows, lanes, vectors, h.plane / 4],
    grid: linearGrid(rows * lanes),
  });
  da.slot.mirrored = false;
  if (!row) return { dh };
  const dweights = pool.tensor(`${label} dweights`, row.weights.shape);
  if (row.partial) zeroTensor(recorder, dweights, { label });
  recorder.launch({
    label,
    kernel: compile(device, "row parts", rowPartsCode),
    inputs: [parts!, row.rowIds, dweights],
    uniforms: [rows, lanes],
    grid: linearGrid(rows),
  });
  pool.release(parts!);
  return { dh, dweights };
}
