/**
 * Times a training step and its products alone in the same rounds.
 *
 * @module
 */
import { createTrainer } from "../../core/train/trainer.ts";
import { split } from "../../kernels/base/random.ts";
import type { Device } from "../../kernels/device.ts";
import { runParts } from "../../kernels/profile/recordings.ts";
import type { LaunchTime } from "../../kernels/recorder.ts";
import { createPool } from "../../kernels/tensor.ts";
import type { KernelChoice } from "../../kernels/tune.ts";
import type { TrainedModel } from "./train_models.ts";
import { stepProducts } from "./train_products.ts";

/** Launches of each round. */
export interface TimedStep {
  /** Of the whole step. */
  steps: LaunchTime[][];
  /** Of its products alone. */
  products: LaunchTime[][];
  /** FLOP of the products. */
  flops: number;
  /** How many products there are. */
  count: number;
}

/** Runs a step and its products one behind the other, `rounds` times after one that compiles. */
export async function timeStep(
  device: Device,
  trained: TrainedModel,
  options: { kernels: KernelChoice; rounds: number; signal: AbortSignal },
): Promise<TimedStep> {
  const { kernels, rounds, signal } = options;
  const { model, sequences, length } = trained;
  const pool = createPool(device);
  const trainer = createTrainer(device, model, { sequences, length, seed: 1, kernels });
  const stream = split(1, `bench/train/${trained.id}`);
  const tokens = sequences * length;
  const words = () =>
    Uint32Array.from({ length: tokens }, () => stream.int(0, model.embedding.vocab - 1));
  trainer.step({ ids: words(), targets: words() }, { rate: 0 });
  await trainer.last();
  const alone = stepProducts(pool, model, { tokens, kernels });
  const timed: Pick<TimedStep, "steps" | "products"> = { steps: [], products: [] };
  for (let round = 0; round <= rounds; round++) {
    const [step, products] = await runParts(pool, [trainer.record, alone.record], { signal });
    if (round === 0) continue;
    timed.steps.push(step);
    timed.products.push(products);
  }
  pool.release(...alone.operands());
  pool.trim();
  trainer.close();
  return { ...timed, flops: alone.flops, count: alone.count };
}
