/** What the tests of inference share: a made-up model on the device, held against the oracle. */
import type { ReadResult } from "../../../core/infer/read_back.ts";
import { heldAs, heldValues, type InferenceStorage } from "../../../core/infer/storage.ts";
import { weightsInMemory } from "../../../core/infer/weight_source.ts";
import { createInference } from "../../../core/infer/inference.ts";
import type { Inference, InferenceOptions } from "../../../core/infer/options.ts";
import type { Device } from "../../../kernels/device.ts";
import { type ArchitectureName, type MadeUp, madeUp } from "./made_up/architectures.ts";
import { forward, type Pass, type Routing } from "./oracle/forward.ts";

/** A text of so many tokens. */
export const someIds = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => (i * 37 + 11) % 97);

/** A made-up model on the device. */
export async function inferenceOf(
  device: Device,
  name: ArchitectureName,
  options: Partial<InferenceOptions> = {},
): Promise<{ made: MadeUp; inference: Inference }> {
  const made = madeUp(name);
  const { model, settings, tensors } = made;
  const weights = weightsInMemory(tensors);
  const told = { model, settings, weights, maxTokens: 48, ...options };
  return { made, inference: await createInference(device, told) };
}

/** The choices of a device as the oracle takes them. */
export function routingOf(result: ReadResult, { model }: MadeUp): Routing {
  const topK = model.moe?.topK ?? 0;
  return Array.from({ length: model.layers }, (_, layer) => {
    const ids = result.routes.find((routes) => routes.layer === layer)?.ids_TK;
    if (!ids) return undefined;
    return Array.from(
      { length: ids.length / topK },
      (_, t) => Array.from(ids.subarray(t * topK, (t + 1) * topK)),
    );
  });
}

/** The weights of a model as a storage holds them. */
export function heldModel(made: MadeUp, storage: InferenceStorage, halves: boolean): MadeUp {
  const tensors = Object.entries(made.tensors).map(([name, { shape, data }]) => {
    const held = heldAs(name, { storage, halves });
    return [name, { shape, data: heldValues(data as Float32Array, { held, shape }) }];
  });
  return { ...made, tensors: Object.fromEntries(tensors) };
}

/** The oracle's pass over a text, with the device's choices imposed, or its own. */
export const expectedOf = (ids: number[], made: MadeUp, routing?: Routing): Pass =>
  forward(ids, { ...made, routing });

/** The largest difference, as a share of the largest value wanted. */
export function apart(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [difference, most] = [found.length === wanted.length ? 0 : Infinity, 0];
  for (let i = 0; i < wanted.length; i++) {
    const own = Math.abs(found[i] - wanted[i]);
    // A NaN is no small difference.
    difference = own <= difference ? difference : own;
    most = Math.max(most, Math.abs(wanted[i]));
  }
  return difference / most;
}
