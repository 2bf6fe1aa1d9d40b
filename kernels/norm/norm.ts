/**
 * Normalisation of the rows of a matrix: RMSNorm, LayerNorm, and to length 1.
 *
 * @module
 */
import { shaderText } from "../shader_text.ts";
import { UserError } from "../base/errors.ts";
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { type NormKind, normRecipes } from "./kinds.ts";
import { normPlan } from "./plan.ts";
import { forwardShader } from "./shaders.ts";

/** A normalised matrix and what its gradient needs. */
export interface Normed {
  /** The result [T, D], stored as x is. */
  y: Tensor;
  /** 1 / root of each row, f32 [T]. */
  inverse: Tensor;
  /** Mean of each row, f32 [T], for LayerNorm. */
  mean?: Tensor;
  /** x + residual [T, D], where a residual was given: what was normalised. */
  sum?: Tensor;
}

/** What a normalisation takes beside x. */
export interface NormOptions {
  /** Factors of the columns [D], f32 or f16. */
  gamma?: Tensor;
  /** What is added to the columns [D], f32 or f16. */
  beta?: Tensor;
  /** A matrix [T, D] that is added to x first; the sum is given back. */
  residual?: Tensor;
  /** Added under the root; see {@linkcode normRecipes} for what holds without it. */
  epsilon?: number;
  /** Label of the launch and of the result. */
  label?: string;
}

function checkWidth(x: Tensor, vector: Tensor | undefined, name: string): void {
  const d = x.shape[x.shape.length - 1];
  if (vector && (vector.shape.length !== 1 || vector.shape[0] !== d)) {
    throw new UserError(
      `Cannot normalise ${x.label} [${x.shape.join(", ")}]: found ${name} ` +
        `[${vector.shape.join(", ")}], wanted [${d}]`,
    );
  }
}

/**
 * Records a normalisation of the rows of x[T, D].
 *
 * @throws {UserError} where gamma, beta or the residual do not fit x.
 *
 * @example
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const x = pool.upload("x", [1, 2], Float32Array.of(3, 4));
 * const recorder = k.createRecorder(pool);
 * const { y } = k.norm(recorder, x, { kind: "l2" });
 * recorder.submit();
 * const [values] = await k.download(device, [y]);
 * device.close();
 * assertAlmostEquals(values[0], 0.6, 1e-6);
 * assertAlmostEquals(values[1], 0.8, 1e-6);
 * ```
 */
export function norm(
  recorder: Recorder,
  x: Tensor,
  options: NormOptions & { kind: NormKind },
): Normed {
  const { kind, gamma, beta, residual, label = `${kind} norm` } = options;
  const { centred, factor, epsilon } = normRecipes[kind];
  const { pool, device } = recorder;
  const [rows, columns] = x.shape;
  checkWidth(x, gamma, "gamma");
  checkWidth(x, beta, "beta");
  if (residual && residual.shape.join() !== x.shape.join()) {
    throw new UserError(
      `Cannot add ${residual.label} [${residual.shape.join(", ")}] to ${x.label}: ` +
        `wanted [${x.shape.join(", ")}]`,
    );
  }
  const { dtype } = x;
  const y = pool.tensor(label, x.shape, { dtype });
  const inverse = pool.tensor(`${label} inverse`, [rows]);
  const mean = centred ? pool.tensor(`${label} mean`, [rows]) : undefined;
  const sum = residual && pool.tensor(`${label} sum`, x.shape, { dtype });
  const plan = normPlan(device, { rows, vectors: x.pitch / 4 });
  const program = { centred, gamma: gamma?.dtype, beta: beta?.dtype, add: residual !== undefined };
  recorder.launch({
    label,
    kernel: compile(
      device,
      "norm",
      shaderText(
        `norm ${JSON.stringify([dtype, program, plan])}`,
        () => storagePrelude(dtype) + forwardShader(program, plan),
      ),
    ),
    inputs: [x, residual, gamma, beta, y, inverse, mean, sum].filter((t) => t !== undefined),
    uniforms: [
      rows,
      columns,
      x.pitch / 4,
      plan.block,
      { f32: factor(columns) },
      { f32: options.epsilon ?? epsilon },
    ],
    grid: linearGrid(64 * Math.ceil(rows / plan.block)),
  });
  return { y, inverse, ...mean && { mean }, ...sum && { sum } };
}

/** Records y = x / sqrt(mean(x^2) + epsilon) * gamma (Zhang & Sennrich, arXiv 1910.07467). */
export function rmsNorm(recorder: Recorder, x: Tensor, options: NormOptions = {}): Normed {
  return norm(recorder, x, { ...options, kind: "rms" });
}

/** Records y = (x - mean) / sqrt(variance + epsilon) * gamma + beta (arXiv 1607.06450). */
export function layerNorm(recorder: Recorder, x: Tensor, options: NormOptions = {}): Normed {
  return norm(recorder, x, { ...options, kind: "layer" });
}

/** Records y = x / sqrt(sum(x^2) + epsilon): rows of length 1, as a cosine gate compares them. */
export function l2Normalise(recorder: Recorder, x: Tensor, options: NormOptions = {}): Normed {
  return norm(recorder, x, { ...options, kind: "l2" });
}
