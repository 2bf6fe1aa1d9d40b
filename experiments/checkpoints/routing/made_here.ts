/**
 * A small mixture that is trained here on the synthetic language and written as a folder like any
 * released model: Mixtral's layout, whose forward pass is the trainer's own.
 *
 * @module
 */
import { join } from "node:path";
import {
  createTrainer,
  modelFromHuggingFace,
  type ModelTensor,
  recipeById,
  runTraining,
  syntheticCorpus,
  type Trainer,
  writeModelFolder,
} from "../../../core/mod.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { readTextFileIfAny, stableJson } from "../../../kernels/base/files.ts";
import {
  adapterKey,
  choiceWords,
  type Device,
  download,
  guessedKernels,
  split,
} from "../../../kernels/mod.ts";
import type { Context } from "../../define.ts";

/** How it is trained. */
export interface MadeHereOptions extends Pick<Context, "progress" | "signal"> {
  /** Folder that the model's folder is put into. */
  out: string;
  /** Steps. */
  steps: number;
  /** Domains of the language. */
  domains: number;
  /** Seed of weights and data. */
  seed: number;
}

/** What was made. */
export interface MadeHere {
  /** The folder. */
  path: string;
  /** Loss of the last step that was waited for, nats a token. */
  loss: number;
  /** Token ids of a check, and the trainer's logits [T, V] of them. */
  check: { ids: Uint32Array; logits: Float32Array };
}

/** Sequences of a batch and their tokens. */
const batch = { sequences: 8, length: 64 } as const;

/** The config.json: the trainer's constants in Mixtral's words. */
export const madeHereConfig = {
  architectures: ["MixtralForCausalLM"],
  ...{ model_type: "mixtral", hidden_act: "silu", torch_dtype: "float32" },
  ...{ num_hidden_layers: 2, hidden_size: 64, vocab_size: 256, tie_word_embeddings: true },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 4096 },
  ...{ num_local_experts: 8, num_experts_per_tok: 2, intermediate_size: 64 },
  ...{ rms_norm_eps: 1e-6, rope_theta: 10000 },
} as const;

/** The trainer's name of a tensor: its router belongs to a gate. */
const trainedName = ({ name }: ModelTensor) => name.replace(/moe\.router$/, "gate.router");

async function train(trainer: Trainer, device: Device, options: MadeHereOptions): Promise<number> {
  const { steps, domains, seed, progress, signal } = options;
  const { losses } = await runTraining(trainer, {
    corpus: syntheticCorpus({ domains, seed: 1 }),
    ...{ ...batch, seed, steps, progress, signal, read: Math.max(1, Math.ceil(steps / 8)) },
    schedule: { peak: 6e-3, warmup: Math.floor(steps / 10) },
  }, {
    device,
    facts: {
      told: {},
      adapter: adapterKey(device.adapter),
      kernels: choiceWords(guessedKernels(device)),
    },
  });
  return losses.at(-1)!.loss;
}

/** Removes the config.json of an earlier run, and no other: a model is not written over. */
async function clear(path: string): Promise<void> {
  const file = join(path, "config.json");
  const text = await readTextFileIfAny(file);
  if (text === stableJson(madeHereConfig)) await Deno.remove(file);
}

/**
 * Trains the mixture and writes its folder.
 *
 * @throws {UserError} where there are no steps.
 */
export async function makeHere(device: Device, options: MadeHereOptions): Promise<MadeHere> {
  const { out, steps, domains, seed } = options;
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new UserError(`Cannot train a mixture for ${steps} steps: wanted a whole number from 1`);
  }
  const path = join(out, "made-here");
  const model = modelFromHuggingFace(madeHereConfig, { id: "made-here" });
  const trainer = createTrainer(device, model, {
    ...{ ...batch, seed, tags: domains, stepsTotal: steps, recipe: recipeById("mixtral") },
  });
  try {
    const loss = await train(trainer, device, options);
    await clear(path);
    await writeModelFolder(path, {
      ...{ config: madeHereConfig, dtype: "F32" },
      async values(tensor) {
        const [values] = await download(device, [trainer.parameters[trainedName(tensor)].value]);
        return values;
      },
    });
    const ids = syntheticCorpus({ domains, seed: 1 }).draw(0, {
      ...{ length: batch.length, part: "held-out" },
      stream: split(seed, "check"),
    });
    const rows = new Uint32Array(batch.sequences * batch.length);
    for (let row = 0; row < batch.sequences; row++) rows.set(ids, row * batch.length);
    const logits = await trainer.logits({ ids: rows, targets: rows });
    const { vocab } = model.embedding;
    return { path, loss, check: { ids, logits: logits.slice(0, batch.length * vocab) } };
  } finally {
    trainer.close();
  }
}
