/**
 * Activations of feed-forward networks, plain and gated, with their gradients.
 *
 * A gated one takes one tensor [2, rows, F]: plane 0 is the gate, plane 1 what it multiplies.
 *
 * @module
 */
import { mapped } from "../map/recipes.ts";
import { mapTensors } from "../map/map.ts";
import type { MapRecipe } from "../map/recipe.ts";
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import { type ActivationChoice, activationForm } from "./forms.ts";

/** Which activation, and what it is called. */
export interface ActivationOptions extends ActivationChoice {
  /** Label of the launch and of the result. */
  label?: string;
}

const nameOf = ({ kind, gated }: ActivationChoice) => `${gated ? "gated " : ""}${kind}`;

/** The recipe of each choice, made when first asked for. */
function remembered(make: (choice: ActivationChoice) => MapRecipe) {
  const known = new Map<string, MapRecipe>();
  return (choice: ActivationChoice): MapRecipe => {
    const name = nameOf(choice);
    if (!known.has(name)) known.set(name, make(choice));
    return known.get(name)!;
  };
}

const forward = remembered((choice) => ({
  name: nameOf(choice),
  reads: ["h"],
  writes: ["a"],
  functions: activationForm(choice.kind),
  ...(choice.gated
    ? { planes: { h: 2 }, body: "a = act(h_0).value * h_1;" }
    : { body: "a = act(h).value;" }),
}));

const backward = remembered((choice) => ({
  name: `${nameOf(choice)} gradient`,
  reads: ["da", "h"],
  writes: ["dh"],
  functions: activationForm(choice.kind),
  ...(choice.gated
    ? {
      planes: { h: 2, dh: 2 },
      body: "let f = act(h_0);\ndh_0 = da * h_1 * f.slope;\ndh_1 = da * f.value;",
    }
    : { body: "dh = da * act(h).slope;" }),
}));

/**
 * Records a = act(h), or act(h[0]) * h[1] for gated ones, and gives a [rows, F].
 *
 * For n elements of a: 2 n elements moved, 3 n where gated.
 *
 * @example SwiGLU
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const h = pool.upload("h", [2, 1, 1], Float32Array.of(1, 3));
 * const recorder = k.createRecorder(pool);
 * const a = k.activation(recorder, h, { kind: "silu", gated: true });
 * recorder.submit();
 * const [values] = await k.download(device, [a]);
 * device.close();
 * assertAlmostEquals(values[0], 3 / (1 + Math.exp(-1)), 1e-5);
 * ```
 */
export function activation(
  recorder: Recorder,
  h: Tensor,
  options: ActivationOptions,
): Tensor {
  const recipe = forward(options);
  const { gated, label = recipe.name } = options;
  const shape = gated ? h.shape.slice(1) : h.shape;
  return mapped(recorder, h, { recipe, names: ["h", "a"], shape, label });
}

/**
 * Records the gradient dh of an activation from the gradient da of its result and the h that it was
 * given; dh has the shape of h.
 *
 * For n elements of da: 3 n elements moved, 5 n where gated.
 */
export function activationGradient(
  recorder: Recorder,
  da: Tensor,
  options: ActivationOptions & { h: Tensor },
): Tensor {
  const recipe = backward(options);
  const { h, label = recipe.name } = options;
  const dh = recorder.pool.tensor(label, h.shape, { dtype: h.dtype });
  mapTensors(recorder, recipe, { tensors: { da, h, dh }, whole: true, label });
  return dh;
}
