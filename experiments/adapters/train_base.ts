/**
 * The base: a dense decoder trained on the old text by the trainer of `core/train`.
 *
 * @module
 */
import { baseValues } from "../../core/adapters/base.ts";
import { batchOf, type Corpus } from "../../core/train/data/corpus.ts";
import { rateAt } from "../../core/train/schedule.ts";
import { createTrainer } from "../../core/train/trainer.ts";
import type { Model } from "../../core/spec/model.ts";
import { type Device, download } from "../../kernels/mod.ts";
import type { AdapterValues } from "./settings.ts";

/** Steps between two looks at the signal; each is a wait. */
const STRETCH = 50;

/** Trains a base and gives its values by their names in a program of adapters. */
export async function trainBase(
  device: Device,
  model: Model,
  options: { values: AdapterValues; corpus: Corpus; seed: number; signal: AbortSignal },
): Promise<Record<string, Float32Array>> {
  const { values, corpus, seed, signal } = options;
  const { baseSequences: sequences, length, baseSteps: steps, baseRate: peak } = values;
  const trainer = createTrainer(device, model, { sequences, length, seed });
  try {
    const schedule = { peak, warmup: Math.floor(steps / 10) };
    for (let step = 0; step < steps; step++) {
      trainer.step(batchOf(corpus, { sequences, length, seed, step }), {
        rate: rateAt(schedule, { step, steps }),
      });
      if ((step + 1) % STRETCH !== 0) continue;
      await trainer.last();
      signal.throwIfAborted();
    }
    const names = Object.keys(trainer.parameters);
    const found = await download(device, names.map((name) => trainer.parameters[name].value));
    return baseValues(model, Object.fromEntries(names.map((name, i) => [name, found[i]])));
  } finally {
    trainer.close();
  }
}
