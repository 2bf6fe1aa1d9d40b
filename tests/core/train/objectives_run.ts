/** Trainers of small models for tests of what recipes do in training and in use. */
import { assertGreater } from "@std/assert";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { createTrainer, type Trainer, type TrainerOptions } from "../../../core/train/trainer.ts";
import { type Device, openDevice } from "../../../kernels/device.ts";
import { download } from "../../../kernels/tensor.ts";
import { smallBatch, smallMoe } from "../nn/small_models.ts";

export const sizes = { sequences: 4, length: 16, seed: 5, tags: 2 };
export const batch = smallBatch(sizes.sequences, sizes.length);
export const tokens = batch.ids.length;
export const vocabulary = 29;

export type Run = Partial<TrainerOptions> & { recipe: GateRecipe };

export async function withTrainer<T>(
  device: Device,
  run: Run,
  use: (trainer: Trainer) => Promise<T>,
) {
  const trainer = createTrainer(device, smallMoe(), { ...sizes, ...run });
  try {
    return await use(trainer);
  } finally {
    trainer.close();
  }
}

export async function steps(trainer: Trainer, count: number, rate = 3e-3) {
  for (let i = 0; i < count; i++) {
    trainer.step(batch, { rate });
    await trainer.review();
  }
}

/** Values of what a trainer keeps whose names hold a text. */
export async function kept(device: Device, trainer: Trainer, text: string) {
  const found = Object.entries(trainer.tensors()).filter(([name]) => name.includes(text));
  assertGreater(found.length, 0, text);
  const values = await download(device, found.map(([, tensor]) => tensor));
  return Object.fromEntries(found.map(([name], i) => [name, values[i]]));
}

export const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length;
export const largest = (x: ArrayLike<number>) => Math.max(...Array.from(x, Math.abs));

/** Tests on one device: kernels are compiled once. */
export function onOneDevice(
  name: string,
  cases: Record<string, (device: Device) => Promise<void>>,
): void {
  Deno.test(name, async (t) => {
    const device = await openDevice();
    try {
      for (const [title, run] of Object.entries(cases)) await t.step(title, () => run(device));
      device.check();
    } finally {
      device.close();
    }
  });
}
