/**
 * Clipping of gradients by their common norm, on the device.
 *
 * @module
 */
import { mapTensors } from "../map/map.ts";
import type { MapRecipe } from "../map/recipe.ts";
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import { sumOf } from "./sums.ts";

const recipe: MapRecipe = {
  name: "clip",
  reads: ["squares"],
  writes: ["norm", "factor"],
  values: ["most"],
  body: "norm = sqrt(squares);\nfactor = min(vec4f(1.0), most / (norm + 1e-6));",
};

/** What clipping needs to know, each a tensor of one f32. */
export interface Clip {
  /** Root of the sum of all squares. */
  norm: Tensor;
  /** min(1, maxNorm / (norm + 1e-6)): what each gradient has to be multiplied by. */
  factor: Tensor;
}

/**
 * Records the norm of all gradients together and the factor that brings it down to `maxNorm`
 * (Pascanu et al., arXiv 1211.5063, section 3.2). The factor is read by `adamw`; the gradients stay
 * as they are.
 *
 * For n elements in all: 2 n FLOP, n elements moved.
 */
export function clipOf(
  recorder: Recorder,
  gradients: readonly Tensor[],
  options: { maxNorm: number; label?: string },
): Clip {
  const { maxNorm, label = "clip" } = options;
  const { pool } = recorder;
  const squares = sumOf(recorder, gradients, { squares: true, label });
  const [norm, factor] = [pool.tensor("gradient norm", [1]), pool.tensor("clip factor", [1])];
  mapTensors(recorder, recipe, {
    tensors: { squares, norm, factor },
    values: { most: maxNorm },
    label,
  });
  pool.release(squares);
  return { norm, factor };
}
