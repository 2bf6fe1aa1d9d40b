/**
 * What frozen experts say of a batch: their chances of each token, and their losses.
 *
 * @module
 */
import type { TrainingBatch } from "../../core/train/data/corpus.ts";
import { readWeights, writeWeights } from "../../core/train/schemes/on_device.ts";
import type { WeightedModel } from "../../core/train/schemes/model_weights.ts";
import { createTrainer } from "../../core/train/trainer.ts";
import type { Device } from "../../kernels/mod.ts";

/** What experts say of a batch. */
export interface Said {
  /** The batch. */
  batch: TrainingBatch;
  /** Chances of each token side by side [T, E V]. */
  predictions: Float32Array;
  /** Losses of what came [T, E], nats. */
  losses_TE: Float64Array;
}

/** Experts that answer and do not learn. */
export interface Experts {
  /** How many there are. */
  count: number;
  /** Waits for what they say of a batch. */
  say(batch: TrainingBatch): Promise<Said>;
  /** Waits for their weights as they are now. */
  weights(): Promise<WeightedModel[]>;
  /** Gives their memory back. */
  close(): void;
}

/** Puts the chances of an expert beside those of the others, and its losses. */
function putChances(
  logits: Float32Array,
  { into, expert, of }: { into: Said; expert: number; of: number },
): void {
  const { batch: { targets }, predictions, losses_TE } = into;
  const vocabulary = logits.length / targets.length;
  for (let t = 0; t < targets.length; t++) {
    const row = logits.subarray(t * vocabulary, (t + 1) * vocabulary);
    let most = -Infinity;
    for (const one of row) most = Math.max(most, one);
    let sum = 0;
    for (const one of row) sum += Math.exp(one - most);
    const all = most + Math.log(sum);
    const at = (t * of + expert) * vocabulary;
    for (let v = 0; v < vocabulary; v++) predictions[at + v] = Math.exp(row[v] - all);
    losses_TE[t * of + expert] = all - row[targets[t]];
  }
}

/** Puts experts on the device, where they stay as they are. */
export function openExperts(
  device: Device,
  models: readonly WeightedModel[],
  sizes: { sequences: number; length: number },
): Experts {
  const count = models.length;
  const trainers = models.map((one) => {
    const trainer = createTrainer(device, one.model, { ...sizes, seed: 1 });
    writeWeights(device, trainer, one);
    return trainer;
  });
  return {
    count,
    async say(batch) {
      const logits = await Promise.all(trainers.map((trainer) => trainer.logits(batch)));
      const tokens = batch.ids.length;
      const said: Said = {
        batch,
        predictions: new Float32Array(count * logits[0].length),
        losses_TE: new Float64Array(tokens * count),
      };
      logits.forEach((one, expert) => putChances(one, { into: said, expert, of: count }));
      return said;
    },
    async weights() {
      const all: WeightedModel[] = [];
      for (const [i, trainer] of trainers.entries()) {
        all.push(await readWeights(device, trainer, { model: models[i].model }));
      }
      return all;
    },
    close: () => trainers.forEach((trainer) => trainer.close()),
  };
}

/** The losses [T] of one expert. */
export const lossesOfExpert = ({ losses_TE, batch }: Said, expert: number): Float64Array => {
  const experts = losses_TE.length / batch.ids.length;
  return Float64Array.from(batch.ids, (_, t) => losses_TE[t * experts + expert]);
};
