/**
 * The logits of a model over some tokens, on the kernels.
 *
 * A model runs as a released one does where that forward pass has all its parts and its gate; else as
 * the trainer runs it, whose gates are more.
 *
 * @module
 */
import {
  checkInference,
  createInference,
  createTrainer,
  type RunSettings,
  trainedSettings,
  type WeightedModel,
  weightsInMemory,
  type WeightSource,
  writeWeights,
} from "../../core/mod.ts";
import { UserError } from "../../kernels/base/errors.ts";
import type { Device } from "../../kernels/mod.ts";
import { routerOfRecipe } from "../../core/checkpoints/trained_settings.ts";
import { checkRoom } from "../checkpoints/memory.ts";
import { constantsApart } from "./settings.ts";
import type { Described } from "./source.ts";

/** A model that is to run. */
export interface Subject extends Described, Pick<WeightedModel, "weights"> {}

/** What a pass gave. */
export interface Passed {
  /** Logits [T, V]. */
  logits: Float32Array;
  /** How often each expert was chosen, [E] of each layer with experts. */
  counts: number[][];
  /** Which forward pass it was. */
  by: "inference" | "trainer";
}

/** Settings of the forward pass of released models; the reason where it does not run this one. */
export function settingsOf(subject: Described): RunSettings | { refused: string } {
  const { model, settings, recipe } = subject;
  try {
    const { router, ...rest } = settings ?? trainedSettings(model, { recipe });
    const fitting = recipe || !router ? routerOfRecipeIn(subject) : router;
    const all = { ...rest, ...(model.moe && { router: fitting }) };
    checkInference(model, all);
    return all;
  } catch (error) {
    if (error instanceof UserError) return { refused: error.message };
    throw error;
  }
}

const routerOfRecipeIn = ({ model, recipe }: Described) =>
  model.moe ? routerOfRecipe(model, recipe) : undefined;

/** Names of a forward pass: a gate's router is the layer's. */
const inferenceSource = ({ weights }: Subject): WeightSource =>
  weightsInMemory(
    Object.fromEntries(
      Object.entries(weights).map((
        [name, one],
      ) => [name.replace(".gate.router", ".moe.router"), one]),
    ),
  );

function countsOf(ids: ArrayLike<number>, experts: number): number[] {
  const counts = new Array<number>(experts).fill(0);
  for (let i = 0; i < ids.length; i++) counts[ids[i]]++;
  return counts;
}

/**
 * Refuses a model that the trainer has to run and that has other constants than the trainer.
 *
 * @param refused Why no other forward pass runs it.
 * @throws {UserError} that names the first that differs, with both values.
 */
export function checkTrained({ model, settings }: Described, refused: string): void {
  const differs = constantsApart({ model, settings }, { model });
  if (!differs) return;
  const [at, found, own] = differs;
  throw new UserError(
    `${refused}; and the trainer, which runs that, has ${own} as ${at} where the model has ${found}`,
  );
}

/**
 * Runs a model over tokens.
 *
 * @throws {UserError} where neither forward pass has all its parts, or the device has no room.
 */
export async function forwardOf(
  device: Device,
  subject: Subject,
  options: { ids: Uint32Array; weights?: WeightSource },
): Promise<Passed> {
  const { model, recipe } = subject;
  const { ids } = options;
  const settings = settingsOf(subject);
  if (!("refused" in settings)) {
    const maxTokens = ids.length;
    checkRoom(device, { model, settings }, { storage: "f32", maxTokens });
    const weights = options.weights ?? inferenceSource(subject);
    const inference = await createInference(device, { model, settings, weights, maxTokens });
    try {
      const { logits, routes } = await inference.read(ids, { logits: "all", routes: true });
      const counts = routes.map(({ ids_TK }) => countsOf(ids_TK, model.moe!.experts));
      return { logits, counts, by: "inference" };
    } finally {
      inference.close();
    }
  }
  checkTrained(subject, settings.refused);
  const length = ids.length;
  const trainer = createTrainer(device, model, { sequences: 1, length, seed: 1, recipe });
  try {
    writeWeights(device, trainer, subject);
    const batch = { ids, targets: ids };
    const logits = await trainer.logits(batch);
    const { layers } = await trainer.evaluate(batch);
    return { logits, counts: layers.map(({ wanted_E }) => [...wanted_E]), by: "trainer" };
  } finally {
    trainer.close();
  }
}

/** Mean loss of each token's successor, in nats, of logits [T, V]. */
export function lossOf(logits: Float32Array, ids: Uint32Array): number {
  const vocabulary = logits.length / ids.length;
  let sum = 0;
  for (let t = 0; t + 1 < ids.length; t++) {
    const row = logits.subarray(t * vocabulary, (t + 1) * vocabulary);
    const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = row.reduce((s, x) => s + Math.exp(x - most), 0);
    sum += most + Math.log(total) - row[ids[t + 1]];
  }
  return sum / (ids.length - 1);
}

/** The largest difference between numbers; not a number where one is not. */
export function apartOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs(a[i] - b[i]);
    if (Number.isNaN(apart)) return NaN;
    most = Math.max(most, apart);
  }
  return most;
}
