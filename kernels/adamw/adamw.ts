/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2) in one pass over a parameter.
 *
 * @module
 */
import { mapTensors } from "../map/map.ts";
import type { MapRecipe } from "../map/recipe.ts";
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";

/** Numbers of an AdamW step that all parameters share. */
export interface AdamwNumbers {
  /** Which step this is, from 1 on: it corrects the moments' bias. */
  step: number;
  /** Learning rate of this step. */
  rate: number;
  /** What the mean of gradients keeps of itself. */
  beta1?: number;
  /** What the mean of their squares keeps of itself. */
  beta2?: number;
  /** Added to the root of the mean square; above 0, so that padding stays 0. */
  epsilon?: number;
  /** Decoupled weight decay: a step takes rate * decay of the parameter off. */
  decay?: number;
}

/** The tensors of an AdamW step, all of the parameter's shape but the factor. */
export interface AdamwOptions extends AdamwNumbers {
  /** The gradient. */
  gradient: Tensor;
  /** Running mean of gradients, f32, zeros before the first step. */
  m: Tensor;
  /** Running mean of squared gradients, f32, zeros before the first step. */
  v: Tensor;
  /** One f32 that the gradient is multiplied by: what clipping or loss scaling gave. */
  factor?: Tensor;
  /** Written with the new parameter in its own storage, such as f16 for the products. */
  copy?: Tensor;
  /** Label of the launch. */
  label?: string;
}

/** The defaults of {@linkcode AdamwNumbers}. */
export const adamwDefaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0 } as const;

function recipeOf(options: { scaled: boolean; copied: boolean }): MapRecipe {
  const { scaled, copied } = options;
  return {
    name: "adamw",
    reads: ["gradient"],
    scalars: scaled ? ["factor"] : [],
    updates: ["parameter", "m", "v"],
    writes: copied ? ["copied"] : [],
    values: ["keep", "rate", "root", "epsilon", "beta1", "rest1", "beta2", "rest2"],
    body: [
      `let g = ${scaled ? "factor * gradient" : "gradient"};`,
      "m = fma(vec4f(beta1), m, rest1 * g);",
      "v = fma(vec4f(beta2), v, rest2 * g * g);",
      "parameter = keep * parameter - rate * m / (root * sqrt(v) + epsilon);",
      copied ? "copied = parameter;" : "",
    ].join("\n"),
  };
}

/** The recipes without and with a factor, each without and with a copy. */
const recipes = [false, true].map((scaled) =>
  [false, true].map((copied) => recipeOf({ scaled, copied }))
);

/**
 * Records a step, in place:
 *
 *     m = beta1 m + (1 - beta1) g        v = beta2 v + (1 - beta2) g^2        g = factor * gradient
 *     p = (1 - rate decay) p - rate mhat / (sqrt(vhat) + epsilon)
 *
 * with mhat = m / (1 - beta1^step), vhat = v / (1 - beta2^step).
 *
 * For n parameters: 15 n FLOP; 7 n elements moved, one more each for the copy.
 *
 * @throws {RangeError} where the step is below 1, epsilon is not above 0, or shapes differ.
 *
 * @example One step from zero moments moves by the learning rate
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const one = (name: string, x: number) => pool.upload(name, [1], Float32Array.of(x));
 * const p = one("p", 1);
 * const recorder = k.createRecorder(pool);
 * const tensors = { gradient: one("g", 3), m: one("m", 0), v: one("v", 0) };
 * k.adamw(recorder, p, { ...tensors, step: 1, rate: 0.1 });
 * recorder.submit();
 * const [values] = await k.download(device, [p]);
 * device.close();
 * assertAlmostEquals(values[0], 0.9, 1e-5);
 * ```
 */
export function adamw(recorder: Recorder, parameter: Tensor, options: AdamwOptions): void {
  const { gradient, m, v, factor, copy, label = "adamw", ...given } = options;
  const { step, rate, beta1, beta2, epsilon, decay } = { ...adamwDefaults, ...given };
  if (step < 1 || epsilon <= 0) {
    throw new RangeError(
      `Cannot update ${parameter.label}: found step ${step} and epsilon ${epsilon}, ` +
        "wanted a step from 1 on and an epsilon above 0",
    );
  }
  mapTensors(recorder, recipes[factor ? 1 : 0][copy ? 1 : 0], {
    label,
    tensors: {
      gradient,
      parameter,
      m,
      v,
      ...(factor && { factor }),
      ...(copy && { copied: copy }),
    },
    values: {
      keep: 1 - rate * decay,
      rate: rate / (1 - beta1 ** step),
      root: Math.sqrt(1 / (1 - beta2 ** step)),
      epsilon,
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
    },
  });
}
