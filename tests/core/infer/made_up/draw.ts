/**
 * Random weights of small models, of a scale at which every part of a model matters: an error
 * anywhere shows in the logits.
 *
 * @module
 */
import type { RunSettings } from "../../../../core/checkpoints/run_settings.ts";
import type { Model } from "../../../../core/spec/model.ts";
import { normals, split } from "../../../../kernels/base/random.ts";
import type { Tensor } from "../oracle/tensors.ts";
import { tensorShapes } from "./shapes.ts";

/** Centre and spread of a weight's numbers, by the first pattern that its name has. */
const scales: readonly [
  RegExp,
  { centre: number; spread: (shape: readonly number[]) => number },
][] = [
  [/norm$/i, { centre: 1, spread: () => 0.2 }],
  [/^(embedding|head)$/, { centre: 0, spread: () => 0.5 }],
  [/sinks$/, { centre: 0, spread: () => 1 }],
  [/balance$/, { centre: 0, spread: () => 0.2 }],
  [/bias$/, { centre: 0, spread: () => 0.3 }],
  // Logits as far apart as those of a trained router.
  [/moe\.router$/, { centre: 0, spread: (shape) => 2 / Math.sqrt(shape[0]) }],
  // Products keep the size of their inputs.
  [/./, { centre: 0, spread: (shape) => 1 / Math.sqrt(shape.at(-2)!) }],
];

/** A weight of f32, the same wherever it stands among others. */
function draw(name: string, shape: readonly number[], seed: number): Tensor {
  const { centre, spread } = scales.find(([pattern]) => pattern.test(name))![1];
  const size = shape.reduce((a, b) => a * b, 1);
  const data = normals(split(seed, `made-up/${name}`), size, spread(shape));
  return { shape, data: data.map((value) => centre + value) };
}

/** All weights of a model, by name. */
export function drawTensors(
  model: Model,
  { settings, seed }: { settings: RunSettings; seed: number },
): Record<string, Tensor> {
  const balanced = settings.router?.score === "sigmoid";
  const drawn = tensorShapes(model, { balanced })
    .map(({ name, shape }) => [name, draw(name, shape, seed)]);
  return Object.fromEntries(drawn);
}
