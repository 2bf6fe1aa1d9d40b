/**
 * Biases of experts and the clamped activation of gpt-oss (arXiv 2508.10925): pointwise over rows that
 * are sorted by expert. The expert of a row is that of the choice in it.
 *
 * @module
 */
import {
  type ElementRecipe,
  elements,
  type Recorder,
  type Tensor,
  type TokenGroups,
} from "../../kernels/mod.ts";
import type { ClampedGate } from "../checkpoints/run_settings.ts";

/** Which expert each row is of. */
interface RowExperts {
  /** The rows. */
  groups: TokenGroups;
  /** Expert of each choice, u32. */
  ids: Tensor;
}

const activations = {
  plain: "return gate / (1.0 + exp(-gate)) * up;",
  clamped: `let g = min(gate, p.most);
  return (clamp(up, -p.most, p.most) + 1.0) * g / (1.0 + exp(-p.alpha * g));`,
} as const;

/** The activation of sums [2, rows, F], with biases [2 E, F] where there are any. */
function activationRecipe(name: keyof typeof activations, biased: boolean): ElementRecipe {
  const at = "row * p.sums_pitch + column";
  return {
    name: `${name} expert activation${biased ? " with biases" : ""}`,
    gives: "f32",
    reads: { sums: "f32", ...biased && { bias: "f32", row_ids: "u32", ids: "u32" } },
    values: { plane: "u32", ...name === "clamped" && { most: "f32", alpha: "f32" } },
    body: `var gate = sums[${at}];
  var up = sums[p.plane + ${at}];
  ${
      biased
        ? `let own = 2u * ids[row_ids[row]] * p.bias_pitch + column;
  gate += bias[own];
  up += bias[own + p.bias_pitch];
  `
        : ""
    }${activations[name]}`,
  };
}

const rowBias: ElementRecipe = {
  name: "expert bias",
  gives: "f32",
  reads: { bias: "f32", row_ids: "u32", ids: "u32" },
  body: "return bias[ids[row_ids[row]] * p.bias_pitch + column];",
};

/** Activations [rows, F] of the sums [2, rows, F] of gate and up. */
export function biasedActivation(
  recorder: Recorder,
  sums: Tensor,
  options: RowExperts & {
    /** Biases [2 E, F], gate and up of each expert in turn. */
    bias?: Tensor;
    /** The clamped activation; silu(gate) * up where absent. */
    clamped?: ClampedGate;
  },
): Tensor {
  const { groups: { rowIds: row_ids }, ids, bias, clamped } = options;
  const [, rows, columns] = sums.shape;
  return elements(recorder, activationRecipe(clamped ? "clamped" : "plain", !!bias), {
    shape: [rows, columns],
    tensors: { sums, ...bias && { bias, row_ids, ids } },
    values: { plane: sums.plane, ...clamped && { most: clamped.limit, alpha: clamped.alpha } },
  });
}

/** Adds to each row [rows, D], in place, the bias [E, D] of its expert. */
export function addRowBias(
  recorder: Recorder,
  rows: Tensor,
  options: RowExperts & { bias: Tensor },
): void {
  const { groups: { rowIds: row_ids }, ids, bias } = options;
  const [count, columns] = rows.shape;
  const tensors = { bias, row_ids, ids };
  elements(recorder, rowBias, { shape: [count, columns], tensors, into: rows });
}
