/**
 * Gradients of the normalisations.
 *
 * @module
 */
import { shaderText } from "../shader_text.ts";
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { columnSums } from "../reduce/columns.ts";
import { type NormKind, normRecipes } from "./kinds.ts";
import type { Normed } from "./norm.ts";
import { normPlan } from "./plan.ts";
import { backwardShader } from "./shaders.ts";

/** Gradients of a normalisation. */
export interface NormGradients {
  /** Gradient of what was normalised [T, D]; the residual's is the same. */
  dx: Tensor;
  /** Gradient of gamma [D], f32, where there is a gamma. */
  dgamma?: Tensor;
  /** Gradient of beta [D], f32, where there is a beta. */
  dbeta?: Tensor;
}

/**
 * Records the gradients of a normalisation: from dy [T, D] to those of x, gamma and beta.
 *
 * `x` is what was normalised (`sum` where a residual was added), `normed` what the forward gave.
 * `add` [T, D], another gradient of x, is added to dx.
 *
 * @throws {RangeError} where a LayerNorm comes without its means.
 */
export function normBackward(
  recorder: Recorder,
  dy: Tensor,
  options: {
    kind: NormKind;
    x: Tensor;
    normed: Pick<Normed, "inverse" | "mean">;
    gamma?: Tensor;
    /** True where a beta was added. */
    beta?: boolean;
    add?: Tensor;
    label?: string;
  },
): NormGradients {
  const { kind, x, normed, gamma, add, label = `${kind} norm backward` } = options;
  const { centred, factor } = normRecipes[kind];
  if (centred && !normed.mean) {
    throw new RangeError(`Cannot differentiate ${label}: found no means, wanted those of norm()`);
  }
  const { pool, device } = recorder;
  const { dtype } = x;
  const [rows, columns] = x.shape;
  const vectors = x.pitch / 4;
  const plan = normPlan(device, { rows, vectors });
  const blocks = Math.ceil(rows / plan.block);
  const program = {
    centred,
    gamma: gamma?.dtype,
    beta: options.beta ? "f32" as const : undefined,
    add: add !== undefined,
  };
  const dx = pool.tensor(`${label} dx`, x.shape, { dtype });
  const partial = (wanted: unknown, name: string) =>
    wanted ? pool.tensor(`${label} ${name} of blocks`, [blocks, columns]) : undefined;
  const dgammas = partial(gamma, "dgamma");
  const dbetas = partial(options.beta, "dbeta");
  const means = centred ? normed.mean : undefined;
  recorder.launch({
    label,
    kernel: compile(
      device,
      "norm backward",
      shaderText(
        `norm backward ${JSON.stringify([dtype, program, plan])}`,
        () => storagePrelude(dtype) + backwardShader(program, plan),
      ),
    ),
    inputs: [dy, x, normed.inverse, means, gamma, add, dx, dgammas, dbetas]
      .filter((t) => t !== undefined),
    uniforms: [rows, columns, vectors, plan.block, { f32: factor(columns) }, 0],
    grid: linearGrid(64 * blocks),
  });
  const added = (blocks: Tensor, name: string) => {
    const sums = columnSums(recorder, blocks, { label: `${label} ${name}` });
    pool.release(blocks);
    return sums;
  };
  return {
    dx,
    ...dgammas && { dgamma: added(dgammas, "dgamma") },
    ...dbetas && { dbeta: added(dbetas, "dbeta") },
  };
}
