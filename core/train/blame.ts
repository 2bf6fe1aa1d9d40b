/**
 * Where a training went wrong, once a loss or a norm of gradients is not finite.
 *
 * By then every weight may be spoiled. So the training is repeated from its last checkpoint, step by
 * step, to the one that fails, and the model is looked at as it was just before: the first layer
 * whose router sees numbers that are not finite, or the weights whose gradients were not. Without a
 * checkpoint the weights that are not finite now have to do.
 *
 * @module
 */
import { type Device, download, UserError } from "../../kernels/mod.ts";
import { openCheckpoint, restoreCheckpoint } from "./checkpoint.ts";
import { batchOf } from "./data/corpus.ts";
import type { LoopOptions, Trainable } from "./loop_options.ts";

/** What there is to look at. */
export interface BlameOptions {
  /** The model. */
  trainer: Trainable;
  /** The device. */
  device: Device;
  /** What the training was told. */
  options: LoopOptions;
  /** Submits a step, with what comes between it and the next. */
  submit(step: number): Promise<void>;
  /** What was found after the last step. */
  found: { loss: number; norm: number };
}

const bad = (values: ArrayLike<number>) => Array.prototype.some.call(values, (x) => !isFinite(x));

/** Names of the trainer's tensors with a prefix that hold a number that is not finite. */
async function spoiled(
  { trainer, device }: BlameOptions,
  prefix: string,
): Promise<{ names: string[]; of: number }> {
  const tensors = Object.entries(trainer.tensors())
    .filter(([name, { dtype }]) => name.startsWith(prefix) && dtype !== "u32");
  const values = await download(device, tensors.map(([, tensor]) => tensor));
  const names = tensors.filter((_, i) => bad(values[i])).map(([name]) => name.slice(prefix.length));
  return { names, of: tensors.length };
}

/** Some names, or how many there are. */
function listed({ names, of }: { names: string[]; of: number }): string {
  if (names.length === of) return `all ${of} weights`;
  return names.length <= 3 ? names.join(", ") : `${names[0]} and ${names.length - 1} more`;
}

/** Where the forward pass fails on the batch of a step, with the weights before it. */
async function failingLayer(blamed: BlameOptions, step: number): Promise<string | undefined> {
  const { trainer, options } = blamed;
  const { losses_T, layers } = await trainer.evaluate(
    batchOf(options.corpus, { ...options, step }),
  );
  const layer = layers.findIndex(({ entropy, logSumExp2 }) => bad([entropy, logSumExp2]));
  if (layer >= 0) return `first in the router of layer ${layer} of ${layers.length} with experts`;
  return bad(losses_T) ? "after the last router" : undefined;
}

/** The error that ends a training, after looking for its cause. */
export async function blame(blamed: BlameOptions): Promise<Error> {
  const { trainer, device, options, submit } = blamed;
  const rewind = async (to?: number): Promise<number | undefined> => {
    if (!options.checkpoint) return undefined;
    const from = await openCheckpoint(options.checkpoint.path, { store: options.store });
    if (!from) return undefined;
    try {
      await restoreCheckpoint(device, trainer, from);
    } finally {
      from.file.close();
    }
    while (to !== undefined && trainer.steps < to) await submit(trainer.steps);
    return from.steps;
  };
  const failed = trainer.steps;
  const good = await rewind();
  if (good === undefined) {
    const where = (await spoiled(blamed, "parameters.")).names;
    const first = where.length === 0 ? "no weight yet" : `${where[0]} and ${where.length - 1} more`;
    return failure(blamed, { step: failed, where: `not finite now: ${first}` });
  }
  let found = blamed.found;
  while (trainer.steps < failed) {
    await submit(trainer.steps);
    found = await trainer.last();
    if (bad([found.loss, found.norm])) break;
  }
  const step = trainer.steps;
  const gradients = await spoiled(blamed, "m.");
  await rewind(step - 1);
  const where = await failingLayer(blamed, step - 1) ?? `in the gradients of ${listed(gradients)}`;
  return failure({ ...blamed, found }, { step, where, good });
}

function failure(
  { options, found }: BlameOptions,
  at: { step: number; where: string; good?: number },
): Error {
  const kept = at.good === undefined
    ? "no checkpoint was kept"
    : `${options.checkpoint!.path} holds step ${at.good}`;
  return new UserError(
    `Cannot train on: found a loss of ${found.loss} and gradients of norm ${found.norm} in step ` +
      `${at.step}, ${at.where}; ${kept}; a peak rate below ${options.schedule.peak} may work`,
  );
}
