/**
 * The kernel variants of a forward pass without gradients.
 *
 * A step of one token takes tiles of few rows, for the rest of a tile is computed for nothing. All
 * variants add in one order, so that the choice changes no value.
 *
 * Drivers that run on a CPU read f32 weights from mirrors in textures, which takes them twice the room
 * and some 0.6 of the time; weights of fewer bits have no mirrors.
 *
 * @module
 */
import {
  type Device,
  guessedKernels,
  type KernelChoice,
  uniformChoice,
} from "../../kernels/mod.ts";

/** Variants of a pass over many tokens, and of one over a single token. */
export interface InferenceKernels {
  /** Many tokens. */
  prefill: KernelChoice;
  /** One token. */
  step: KernelChoice;
}

/** Rows of a tile for one token. */
const FEW_ROWS = 16;

/** What a device runs where nobody says otherwise. */
export function inferenceKernels(device: Device): InferenceKernels {
  const prefill = guessedKernels(device);
  const { gemm } = prefill;
  const lanes = gemm.family === "subgroup" ? device.subgroupSize : 1;
  const step = uniformChoice({ ...gemm, rows: Math.max(FEW_ROWS, lanes) });
  // A driver on a CPU compiles a kernel longer than it saves in a short pass: one for both.
  return { prefill: device.adapter.software ? step : prefill, step };
}
