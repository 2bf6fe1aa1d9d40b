/**
 * Training steps of all variants on the device: the time of every launch, tokens by expert, memory.
 *
 * A round takes one sample of each step among the shapes of the profile, so that predictions meet the
 * machine as the steps do, and some of the steps alone, one behind the other and each time another one
 * first: their ratios are those of neighbours in time.
 *
 * @module
 */
import {
  createTrainer,
  layersOf,
  lowerTrainingStep,
  type Model,
  type Trainer,
  type TrainingOps,
  type TrainingPhase,
} from "../../../core/mod.ts";
import {
  type Device,
  type Estimate,
  type KernelChoice,
  type LaunchTime,
  type Pool,
  type Profiling,
  runParts,
  split,
} from "../../../kernels/mod.ts";
import { spreadParts } from "../../compare/spread_parts.ts";
import { undisturbedLaunches } from "../../compare/undisturbed_launches.ts";
import type { Variant } from "./variants.ts";

/** A batch of random tokens. */
export interface BatchSizes {
  /** Sequences. */
  sequences: number;
  /** Tokens of each. */
  length: number;
}

/** What a launch works for. */
export type LaunchPart = "attention" | "networks" | "tables and loss" | "update";

/** What is measured of a variant's step. */
export interface MeasuredVariant {
  /** The variant. */
  variant: Variant;
  /** Its description. */
  model: Model;
  /** Operators, under the loads that its routers chose. */
  ops: TrainingOps;
  /** Seconds of whole steps right behind each other, one a round, as the clock said. */
  stepSeconds: number[];
  /** The same of the forward pass with the loss. */
  forwardSeconds: number[];
  /** Undisturbed seconds of all launches and of the gaps between them. */
  total: Estimate;
  /** The same by phase, without gaps. */
  phases: Record<TrainingPhase, number>;
  /** The same by what launches work for, without gaps. */
  parts: Record<LaunchPart, number>;
  /** The most that the pools held, bytes. */
  heldBytes: { state: number; step: number };
  /** Loss after the rounds, nats a token. */
  loss: number;
}

interface Prepared {
  variant: Variant;
  model: Model;
  trainer: Trainer;
  ops: TrainingOps;
  /** All rounds. */
  rounds: LaunchTime[][];
  /** Those without the profile's shapes between. */
  close: LaunchTime[][];
}

/** Puts a variant on the device with a seeded batch, and makes a step without learning. */
async function prepare(
  device: Device,
  { variant, model }: { variant: Variant; model: Model },
  options: BatchSizes & { seed: number; kernels: KernelChoice },
): Promise<Prepared> {
  const { sequences, length, seed, kernels } = options;
  const trainer = createTrainer(device, model, { sequences, length, seed, kernels });
  const stream = split(seed, "cost/batch");
  const tokens = sequences * length;
  const words = () =>
    Uint32Array.from({ length: tokens }, () => stream.int(0, model.embedding.vocab - 1));
  const batch = { ids: words(), targets: words() };
  trainer.step(batch, { rate: 0 });
  const { layers } = await trainer.evaluate(batch);
  const layerRows = layersOf(model).map(({ experts, index }) =>
    experts > 0 ? Array.from(layers[index].kept_E) : undefined
  );
  const ops = lowerTrainingStep(model, tokens, { sequence: length, layerRows });
  return { variant, model, trainer, ops, rounds: [], close: [] };
}

/** Rounds of steps alone for each round of the profile. */
const CLOSE = 3;

/** A list that begins at another place. */
const rotated = <T>(list: readonly T[], by: number): T[] => {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
};

const between = (times: readonly LaunchTime[], from: number, to: number) =>
  times[to - 1].endSeconds - times[from].startSeconds;

/** Where the backward pass begins and where the update does, as places in the recording. */
function phaseStarts(labels: readonly string[]): { backward: number; update: number } {
  const place = (label: string) => {
    const found = labels.indexOf(label);
    if (found > 0) return found;
    throw new RangeError(`Cannot tell the phases of a step: found no launch "${label}"`);
  };
  return { backward: place("cross-entropy backward"), update: place("clip") };
}

/** What a launch of a step works for, by its label. */
export function partOf(label: string): LaunchPart {
  if (/^(attention|rope|weigh heads|largest|keep the chosen)/.test(label)) return "attention";
  if (/^(adamw|clip)/.test(label)) return "update";
  if (/^(logits|head|cross-entropy|embedding|norm)/.test(label)) return "tables and loss";
  return "networks";
}

async function conclude(prepared: Prepared): Promise<MeasuredVariant> {
  const { variant, model, trainer, ops, rounds, close } = prepared;
  const { launches, total } = undisturbedLaunches(rounds);
  const { backward, update } = phaseStarts(launches.map(({ label }) => label));
  const phases = { forward: 0, backward: 0, update: 0 };
  const parts = { attention: 0, networks: 0, "tables and loss": 0, update: 0 };
  launches.forEach(({ label, seconds }, i) => {
    phases[i < backward ? "forward" : i < update ? "backward" : "update"] += seconds.value;
    parts[partOf(label)] += seconds.value;
  });
  const { loss } = await trainer.last();
  const { state, step } = trainer.bytes();
  trainer.close();
  return {
    ...{ variant, model, ops, total, phases, parts, loss },
    stepSeconds: close.map((times) => between(times, 0, times.length)),
    forwardSeconds: close.map((times) => between(times, 0, backward)),
    heldBytes: { state: state.held, step: step.held },
  };
}

/** Measures a training step of each model, among the shapes of a profile, and frees them. */
export async function measureVariants(
  device: Device,
  models: readonly { variant: Variant; model: Model }[],
  options: BatchSizes & {
    seed: number;
    kernels: KernelChoice;
    /** Rounds that count. */
    repeats: number;
    /** Where the profile is recorded. */
    pool: Pool;
    /** The profile's shapes. */
    profiling: Pick<Profiling, "parts" | "take">;
    /** Told the share that is done. */
    done?: (share: number) => void;
    signal?: AbortSignal;
  },
): Promise<MeasuredVariant[]> {
  const { repeats, pool, profiling, done, signal } = options;
  const prepared: Prepared[] = [];
  for (const one of models) {
    signal?.throwIfAborted();
    prepared.push(await prepare(device, one, options));
  }
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
    for (let turn = 0; turn < CLOSE; turn++) {
      const order = rotated(prepared, CLOSE * round + turn);
      const alone = await runParts(pool, order.map(({ trainer }) => trainer.record), { signal });
      order.forEach(({ rounds, close }, i) => {
        rounds.push(alone[i]);
        close.push(alone[i]);
      });
    }
  }
  const measured: MeasuredVariant[] = [];
  for (const one of prepared) measured.push(await conclude(one));
  return measured;
}
