/** Small dense models of parallel or serial blocks, with weights that are nowhere 0 or 1. */
import { newWeights, type WeightedModel } from "../../../../core/train/schemes/mod.ts";
import { normals, split } from "../../../../kernels/base/random.ts";
import { smallModel } from "../../nn/small_models.ts";

const parallel = {
  block: "parallel",
  norm: { perLayer: 1 },
  ffn: { width: 24, activation: "swiglu" },
};

/** A dense model whose weights are those of a seed, and some noise. */
export function smallDense(seed = 1, changes: Record<string, unknown> = {}): WeightedModel {
  const { model, weights } = newWeights(smallModel({ ...parallel, ...changes }), { seed });
  return {
    model,
    weights: Object.fromEntries(
      Object.entries(weights).map(([name, { shape, data }]) => {
        const noise = normals(split(seed, `noise/${name}`), data.length, 0.1);
        return [name, { shape, data: data.map((w, i) => w + noise[i]) }];
      }),
    ),
  };
}

/** The same in serial blocks, with biases. */
export const smallSerial = (seed = 1, changes: Record<string, unknown> = {}): WeightedModel =>
  smallDense(seed, { block: "serial", norm: { kind: "layernorm", bias: true }, ...changes });
