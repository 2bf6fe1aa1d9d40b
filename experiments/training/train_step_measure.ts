/**
 * Runs training steps on the device: their times launch by launch, their routing, their memory.
 *
 * @module
 */
import {
  createTrainer,
  layersOf,
  lowerTrainingStep,
  type Trainer,
  type TrainingOps,
} from "../../core/mod.ts";
import {
  type Device,
  type Estimate,
  type KernelChoice,
  type LaunchTime,
  type Pool,
  type Profiling,
  runParts,
  split,
  type Timing,
  timingOf,
} from "../../kernels/mod.ts";
import { spreadParts } from "../compare/spread_parts.ts";
import { undisturbedLaunches } from "../compare/undisturbed_launches.ts";
import { type StepPart, stepParts } from "./train_step_align.ts";
import type { DrawnStep } from "./train_step_draw.ts";

/** A step on the device, ready to run. */
export interface PreparedStep {
  step: DrawnStep;
  trainer: Trainer;
  /** Tokens of each expert by layer, as the routers choose them; none in dense layers. */
  layerRows: (number[] | undefined)[];
  /** Launches of each round. */
  rounds: LaunchTime[][];
}

/** What a run showed. */
export interface MeasuredStep {
  /** Times of all rounds, as the clock said. */
  timing: Timing;
  /** Undisturbed times of its launches and of the gaps between them, added. */
  total: Estimate;
  /** Its operators under the measured loads. */
  ops: TrainingOps;
  /** What it does, part by part, with the undisturbed time of each launch. */
  parts: (StepPart & { seconds: Estimate[] })[];
  /** The most that the pools held, bytes: weights and moments, activations and gradients. */
  heldBytes: { state: number; step: number };
  /** Loss after the rounds, nats a token: a number, and the same in each run. */
  loss: number;
}

/** Tokens of each expert by layer. */
async function rowsOf(
  { model }: DrawnStep,
  trainer: Pick<Trainer, "evaluate">,
  batch: Parameters<Trainer["evaluate"]>[0],
): Promise<PreparedStep["layerRows"]> {
  const { layers } = await trainer.evaluate(batch);
  let next = 0;
  return layersOf(model).map(({ experts }) =>
    experts > 0 ? Array.from(layers[next++].kept_E) : undefined
  );
}

/** Puts a model on the device with a seeded batch, and makes a step without learning. */
export async function prepareStep(
  device: Device,
  step: DrawnStep,
  options: { seed: number; kernels: KernelChoice },
): Promise<PreparedStep> {
  const { seed, kernels } = options;
  const { index, model, sequences, length } = step;
  const trainer = createTrainer(device, model, { sequences, length, seed, kernels });
  const stream = split(seed, `batches/${index}`);
  const words = () =>
    Uint32Array.from(
      { length: sequences * length },
      () => stream.int(0, model.embedding.vocab - 1),
    );
  const batch = { ids: words(), targets: words() };
  trainer.step(batch, { rate: 0 });
  return { step, trainer, layerRows: await rowsOf(step, trainer, batch), rounds: [] };
}

/** What the rounds of a step showed; frees it. */
async function conclude({ step, trainer, layerRows, rounds }: PreparedStep): Promise<MeasuredStep> {
  const { model, sequences, length } = step;
  const ops = lowerTrainingStep(model, sequences * length, { sequence: length, layerRows });
  const { launches, total } = undisturbedLaunches(rounds);
  const parts = stepParts(ops, launches.map(({ label }) => label)).map((part) => ({
    ...part,
    seconds: part.launches.map((i) => launches[i].seconds),
  }));
  const { loss } = await trainer.last();
  const { state, step: held } = trainer.bytes();
  trainer.close();
  return {
    ...{ timing: timingOf(rounds), total, ops, parts, loss },
    heldBytes: { state: state.held, step: held.held },
  };
}

/**
 * Measures steps in rounds: each round takes one sample of every step, and of every shape of the
 * profile, recorded between the steps: both meet the machine in the same states. Frees the steps.
 */
export async function measureSteps(
  pool: Pool,
  prepared: readonly PreparedStep[],
  options: {
    repeats: number;
    profiling: Pick<Profiling, "parts" | "take">;
    /** Told the share that is done. */
    done?: (share: number) => void;
    signal?: AbortSignal;
  },
): Promise<MeasuredStep[]> {
  const { repeats, profiling, done, signal } = options;
  const steps = prepared.map(({ trainer }) => [trainer.record]);
  const parts = spreadParts(steps, profiling.parts);
  const place = new Map(parts.map((part, i) => [part, i]));
  // The first round compiles, and is not counted.
  for (let round = 0; round <= repeats; round++) {
    const times = await runParts(pool, parts, {
      signal,
      done: (share) => done?.((round + share) / (repeats + 1)),
    });
    if (round === 0) continue;
    prepared.forEach(({ rounds }, i) => rounds.push(times[place.get(steps[i][0])!]));
    profiling.take(profiling.parts.map((part) => times[place.get(part)!]));
  }
  const measured: MeasuredStep[] = [];
  for (const step of prepared) measured.push(await conclude(step));
  return measured;
}
