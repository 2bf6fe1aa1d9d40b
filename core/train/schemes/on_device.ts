/**
 * Weights between the host and a trainer, and out of a checkpoint.
 *
 * @module
 */
import { createPool, type Device, download, UserError } from "../../../kernels/mod.ts";
import type { Model } from "../../spec/model.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { readSafetensors, valuesOfSafetensors } from "../safetensors.ts";
import type { Trainer } from "../trainer.ts";
import {
  type HostWeight,
  type HostWeights,
  isRouter,
  type WeightedModel,
} from "./model_weights.ts";

/** Whether a weight is of a model or its gates: a training may have others beside. */
const isOfModel = (name: string) =>
  /^(layers\..+|(embedding|positions|head|norm)(\.beta)?)$/.test(name);

/** Waits for the weights of a model in training. */
export async function readWeights(
  device: Device,
  trainer: Pick<Trainer, "parameters">,
  options: { model: Model },
): Promise<WeightedModel> {
  const { model } = options;
  const names = Object.keys(trainer.parameters).filter(isOfModel);
  const tensors = names.map((name) => trainer.parameters[name].value);
  const values = await download(device, tensors);
  const weights = names.map((name, i): [string, HostWeight] => [
    name,
    { shape: tensors[i].shape, data: Float32Array.from(values[i]) },
  ]);
  return { model, weights: Object.fromEntries(weights) };
}

/**
 * Puts weights into a trainer that has made no step. What a gate has and the weights have not, and what
 * is trained beside the model, stays as it began.
 *
 * @throws {UserError} where a weight of the model is missing or of another shape, or is none of the
 * trainer's, before any is written.
 */
export function writeWeights(
  device: Device,
  trainer: Pick<Trainer, "parameters" | "steps">,
  { model, weights }: WeightedModel,
): void {
  const { parameters } = trainer;
  const wrong = (what: string) => new UserError(`Cannot begin with ${model.id}: ${what}`);
  const own = Object.keys(parameters).filter(isOfModel);
  for (const name of own) {
    const shape = `${parameters[name].value.shape}`;
    const found = weights[name];
    if (!found && isRouter(name)) continue;
    if (`${found?.shape}` === shape) continue;
    throw wrong(`found ${name} ${found ? `[${found.shape}]` : "nowhere"}, wanted [${shape}]`);
  }
  const extra = Object.keys(weights).find((name) => !(name in parameters));
  if (extra) throw wrong(`found ${extra}, which the trainer has not`);
  const pool = createPool(device);
  for (const [name, { data }] of Object.entries(weights)) pool.write(parameters[name].value, data);
  // What products read in 16 bits is made again.
  trainer.steps = 0;
}

/** The weights of a model in a checkpoint, without moments and states. */
export async function weightsOfCheckpoint(
  { file, header }: Checkpoint,
  options: { model: Model },
): Promise<WeightedModel> {
  const { model } = options;
  const prefix = "parameters.";
  const all = [...header.tensors.keys()].filter((name) => name.startsWith(prefix));
  const weights: Record<string, HostWeight> = {};
  for (const name of all.map((name) => name.slice(prefix.length)).filter(isOfModel)) {
    const entry = header.tensors.get(prefix + name)!;
    const data = Float32Array.from(valuesOfSafetensors(await readSafetensors(file, entry)));
    weights[name] = { shape: entry.shape, data };
  }
  return { model, weights: weights satisfies HostWeights };
}
