/**
 * Writes a made model into a new folder: as a model that runs where a forward pass of released models
 * has all its parts, else as the checkpoint of a training that has made no step.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import {
  type CheckpointFacts,
  diskStore,
  type HostWeights,
  type Json,
  safetensorsHead,
  safetensorsOf,
  type WeightedModel,
  writeWeightedModel,
  writeWhole,
  type WrittenType,
} from "../../core/mod.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { stableJson } from "../../kernels/base/files.ts";
import { makeFolder } from "../make_folder.ts";
import { checkTrained, settingsOf, type Subject } from "./forward.ts";
import { checkpointName } from "./source.ts";
import type { TakenFile } from "./tokenizer_files.ts";

/** What a folder holds. */
export interface WrittenModel {
  /** Whose layout it has. */
  layout: "hugging-face" | "moelab" | "checkpoint";
  /** The architecture as Hugging Face names it, where it has one. */
  architecture?: string;
  /** Why it is a checkpoint: what no forward pass of released models has. */
  because?: string;
  /** Type of its numbers. */
  dtype: WrittenType;
  /** Names of the files. */
  files: string[];
}

/**
 * Refuses a path where something is, and no path.
 *
 * @throws {UserError} where a file or a folder has it, or it is empty.
 */
export async function checkNew(out: string): Promise<void> {
  if (out === "") {
    throw new UserError("Cannot write a model: found an empty --out, wanted a new folder");
  }
  const found = await Deno.lstat(out).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (!found) return;
  throw new UserError(
    `Cannot write ${out}: found a ${found.isDirectory ? "folder" : "file"} there, wanted none; ` +
      "another --out, or that one removed, will do",
  );
}

/**
 * A folder beside the one that is to be, named after this process; renamed when all is in it, or taken
 * away with those above it that were made.
 */
export async function newFolderBeside(
  out: string,
): Promise<{ folder: string; remove(): Promise<void> }> {
  const path = resolve(out);
  const folder = join(dirname(path), `.${basename(path)}.${Deno.pid}.partial`);
  const removeParents = await makeFolder(dirname(path));
  await Deno.mkdir(folder, { recursive: true });
  return {
    folder,
    async remove() {
      await Deno.remove(folder, { recursive: true });
      await removeParents();
    },
  };
}

const jsonOf = (value: unknown) => JSON.parse(JSON.stringify(value ?? null)) as Json;

async function writeCheckpoint(path: string, subject: Subject): Promise<string[]> {
  const { sources: _, ...model } = subject.model;
  const facts: CheckpointFacts = {
    told: { model: jsonOf(model), recipe: jsonOf(subject.recipe) },
    ...{ steps: 0, log: null, adapter: "", kernels: {} },
  };
  const entries = Object.entries(subject.weights)
    .map(([name, one]) => [`parameters.${name}`, one] as const);
  function* pieces() {
    const shapes = entries.map(([name, { shape }]) => [name, { dtype: "F32", shape }] as const);
    const moelab = stableJson({ format: 1, ...facts }, 0).trim();
    yield safetensorsHead(Object.fromEntries(shapes), { moelab });
    for (const [, { data, shape }] of entries) yield safetensorsOf(data, shape).bytes;
  }
  await writeWhole(join(path, checkpointName), pieces(), { store: diskStore });
  return [checkpointName];
}

/** The largest half float, half a step further: what is there or beyond is written as infinity. */
const BEYOND = 65_520;

/**
 * Refuses numbers that a half float does not hold.
 *
 * @throws {UserError} that names the first weight with such a number.
 */
function checkHalves(weights: HostWeights): void {
  for (const [name, { data }] of Object.entries(weights)) {
    const large = data.find((x) => Math.abs(x) >= BEYOND);
    if (large === undefined) continue;
    throw new UserError(
      `Cannot write ${name} as f16: found ${large}, wanted numbers below ${BEYOND}; --dtype bf16 ` +
        "or f32 holds it",
    );
  }
}

/** What is said beside a model that is written. */
interface WriteMadeOptions {
  /** Type of the numbers. */
  dtype: WrittenType;
  /** Tokens of the longest text that it was made for. */
  positions?: number;
}

async function writeModel(
  path: string,
  subject: Subject,
  told: WriteMadeOptions,
): Promise<WrittenModel> {
  const { dtype } = told;
  const { model, weights, recipe } = subject;
  const settings = settingsOf(subject);
  if ("refused" in settings) {
    checkTrained(subject, settings.refused);
    const files = await writeCheckpoint(path, subject);
    return { layout: "checkpoint", because: settings.refused, dtype: "F32", files };
  }
  if (dtype === "F16") checkHalves(weights);
  const source: WeightedModel = { model, weights };
  return { dtype, ...await writeWeightedModel(path, source, { settings, recipe, ...told }) };
}

/** Writes a model and the files that go along into a folder. */
export async function writeMade(
  path: string,
  subject: Subject,
  options: WriteMadeOptions & { taken: readonly TakenFile[] },
): Promise<WrittenModel> {
  const { taken, ...told } = options;
  const written = await writeModel(path, subject, told);
  for (const { name, bytes } of taken) await writeWhole(join(path, name), [bytes]);
  return { ...written, files: [...written.files, ...taken.map(({ name }) => name)] };
}
