/**
 * The steps of a training, with its losses, evaluations and checkpoints.
 *
 * Steps are submitted without waiting; the loss is read every so many steps, for each wait costs
 * about 11 ms. A training that is stopped or killed goes on from its last checkpoint, and what it
 * then gives is equal, bit by bit, to what it would have given.
 *
 * @module
 */
import type { Device } from "../../kernels/mod.ts";
import { blame } from "./blame.ts";
import {
  type Checkpoint,
  type CheckpointFacts,
  checkTold,
  type Json,
  restoreCheckpoint,
  saveCheckpoint,
} from "./checkpoint.ts";
import { batchOf } from "./data/corpus.ts";
import { evaluateModel } from "./evaluate.ts";
import {
  checkSteps,
  type LoopOptions,
  readDefault,
  type Trainable,
  type TrainingLog,
} from "./loop_options.ts";
import { rateAt } from "./schedule.ts";
import { tokenMeter } from "./token_meter.ts";

/** What a loop is started with. */
export interface LoopStart {
  /** The device. */
  device: Device;
  /** What the training was told, the adapter and the kernels, as checkpoints hold them. */
  facts: Omit<CheckpointFacts, "steps" | "log">;
  /** Where to go on from. */
  from?: Checkpoint;
}

const finite = ({ loss, norm }: { loss: number; norm: number }) =>
  Number.isFinite(loss) && Number.isFinite(norm);

/**
 * Trains from the steps that were made to the last.
 *
 * @throws {UserError} where a loss or a norm is not finite: it names the step and the layer, and the
 * last checkpoint is kept; the signal's reason where it was aborted.
 */
export async function runTraining(
  trainer: Trainable,
  options: LoopOptions,
  start: LoopStart,
): Promise<TrainingLog & { tokensPerSecond: number | null }> {
  const { corpus, steps, schedule, optimiser, read = readDefault, sequences, length } = options;
  const { evaluation, checkpoint, store, signal, progress } = options;
  const { device, facts, from } = start;
  checkSteps(options);
  signal?.throwIfAborted();
  const log: TrainingLog = { losses: [], evaluations: [] };
  if (from) {
    checkTold(from, facts.told);
    await restoreCheckpoint(device, trainer, from);
    Object.assign(log, structuredClone(from.log));
  }
  const submit = async (step: number) => {
    trainer.step(batchOf(corpus, { ...options, step }), {
      ...optimiser,
      rate: rateAt(schedule, { step, steps }),
    });
    await trainer.review?.();
  };
  const waited = async () => {
    const found = await trainer.last();
    if (finite(found)) return found;
    throw await blame({ trainer, device, options, submit, found });
  };
  const evaluated = async (done: number) => {
    const found = await evaluateModel(trainer, corpus, { ...options, ...evaluation! });
    log.evaluations.push({ step: done, ...found });
  };
  const keep = ({ path }: { path: string }) =>
    saveCheckpoint(device, trainer, {
      ...{ path, store },
      facts: { ...facts, log: log as unknown as Json },
    });
  const due = (every: number | undefined, done: number) =>
    done === steps || (every !== undefined && done % every === 0);

  const meter = tokenMeter(sequences * length);
  let tokensPerSecond: number | null = null;
  progress?.start(steps - trainer.steps, `training on ${corpus.id}`);
  try {
    while (trainer.steps < steps) {
      await submit(trainer.steps);
      const done = trainer.steps;
      const reads = due(read, done);
      const evaluates = evaluation !== undefined && due(evaluation.every, done);
      const keeps = checkpoint !== undefined && due(checkpoint.every, done);
      const stops = signal?.aborted ?? false;
      let label: string | undefined;
      if (reads || evaluates || keeps || stops) {
        const { loss, norm, auxiliary = {} } = await waited();
        if (reads) log.losses.push({ step: done, loss, norm, auxiliary });
        tokensPerSecond = meter.read(done);
        label = `loss ${loss.toFixed(3)}` +
          (tokensPerSecond === null ? "" : `, ${Math.round(tokensPerSecond)} tokens/s`);
        if (evaluates) await evaluated(done);
        if (checkpoint && (keeps || stops)) await keep(checkpoint);
        if (stops && done < steps) signal!.throwIfAborted();
        meter.begin(done);
      }
      progress?.step(label);
    }
  } finally {
    progress?.stop();
  }
  return { ...log, tokensPerSecond };
}
