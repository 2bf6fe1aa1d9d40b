/**
 * Checkpoints: one file that holds all a training needs to go on as if it had not stopped.
 *
 * The tensors of the trainer lie in it as safetensors, which other programs read too; under
 * `moelab` in its metadata is what the training was told, how many steps it made, what it logged, and
 * which kernels it ran. Data and noise are functions of seed and step, so no more is needed.
 *
 * @module
 */
import { z } from "zod";
import {
  createPool,
  type Device,
  download,
  type HostArray,
  parseConfig,
  type Schema,
  type Storage,
  storageBytes,
  type Tensor,
  UserError,
} from "../../kernels/mod.ts";
import { stableJson } from "../../kernels/base/files.ts";
import { type ByteSource, diskStore, type FileStore, writeWhole } from "./files.ts";
import {
  checkTensors,
  openSafetensors,
  readSafetensors,
  safetensorsHead,
  safetensorsOf,
  type SafetensorsShape,
  valuesOfSafetensors,
} from "./safetensors.ts";
import type { SafetensorsHeader } from "./safetensors_header.ts";

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | {
  readonly [name: string]: Json;
};

/** Something whose state lies in tensors. */
export interface Checkpointed {
  /** Steps that were made. */
  steps: number;
  /** All tensors that the next step depends on, by name. */
  tensors(): Readonly<Record<string, Tensor>>;
}

/** What a checkpoint says of its training. */
export interface CheckpointFacts {
  /** What the training was told, by name; it cannot go on under anything else. */
  told: Readonly<Record<string, Json>>;
  /** Steps that were made. */
  steps: number;
  /** What was logged so far. */
  log: Json;
  /** The adapter it ran on, see `adapterKey`. */
  adapter: string;
  /** The kernels that ran there, see `choiceWords`. */
  kernels: Readonly<Record<string, string>>;
}

const json: z.ZodType<Json> = z.json();
const schema: Schema<{ format: 1 } & CheckpointFacts> = z.strictObject({
  format: z.literal(1),
  told: z.record(z.string(), json),
  steps: z.int().min(0),
  log: json,
  adapter: z.string(),
  kernels: z.record(z.string(), z.string()),
});

const dtypes = { f32: "F32", f16: "F16", u32: "U32" } as const satisfies Record<Storage, string>;

const shapesOf = (tensors: Readonly<Record<string, Tensor>>): Record<string, SafetensorsShape> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, dtype }]) => [name, {
      dtype: dtypes[dtype],
      shape: [...shape],
    }]),
  );

/** Bytes that are brought to the host at once: each time costs a wait. */
const atOnce = 2 ** 26;

/** Names of tensors in groups of at most `atOnce` bytes, or of one. */
function groupsOf(tensors: Readonly<Record<string, Tensor>>): string[][] {
  const groups: string[][] = [];
  let room = 0;
  for (const [name, { shape, dtype }] of Object.entries(tensors)) {
    const bytes = storageBytes[dtype] * shape.reduce((a, b) => a * b, 1);
    if (groups.length === 0 || bytes > room) {
      groups.push([]);
      room = atOnce;
    }
    groups[groups.length - 1].push(name);
    room -= bytes;
  }
  return groups;
}

/** The file in pieces; tensors come from the device as they are asked for. */
async function* piecesOf(
  device: Device,
  tensors: Readonly<Record<string, Tensor>>,
  facts: CheckpointFacts,
): AsyncGenerator<Uint8Array> {
  const moelab = stableJson({ format: 1, ...facts }, 0).trim();
  yield safetensorsHead(shapesOf(tensors), { moelab });
  for (const names of groupsOf(tensors)) {
    const values = await download<HostArray>(device, names.map((name) => tensors[name]));
    for (const [i, name] of names.entries()) {
      yield safetensorsOf(values[i], tensors[name].shape).bytes;
    }
  }
}

/**
 * Writes a checkpoint. A file that was there is replaced when the new one is whole: whatever stops
 * the writing leaves the old one.
 */
export async function saveCheckpoint(
  device: Device,
  trainer: Checkpointed,
  options: { path: string; facts: Omit<CheckpointFacts, "steps">; store?: FileStore },
): Promise<void> {
  const { path, facts, store } = options;
  const pieces = piecesOf(device, trainer.tensors(), { ...facts, steps: trainer.steps });
  await writeWhole(path, pieces, { store });
}

/** An open checkpoint. */
export interface Checkpoint extends CheckpointFacts {
  /** Name of its file. */
  path: string;
  /** Its tensors. */
  header: SafetensorsHeader;
  /** Where their bytes are read. */
  file: ByteSource;
}

/**
 * Opens a checkpoint and reads all but its tensors; undefined where there is no file.
 *
 * @throws {UserError} where the file is no whole checkpoint of this format.
 */
export async function openCheckpoint(
  path: string,
  options: { store?: FileStore } = {},
): Promise<Checkpoint | undefined> {
  const file = await (options.store ?? diskStore).open(path);
  if (!file) return undefined;
  try {
    const header = await openSafetensors(file, { source: path });
    return { path, header, file, ...factsOf(header, path) };
  } catch (error) {
    file.close();
    throw error;
  }
}

function factsOf(header: SafetensorsHeader, path: string): CheckpointFacts {
  const { moelab } = header.metadata;
  let value: unknown;
  try {
    value = JSON.parse(moelab);
  } catch {
    throw new UserError(
      `Cannot resume from ${path}: found no training in its metadata, wanted a checkpoint of moelab`,
    );
  }
  const { format: _, ...facts } = parseConfig(schema, value, `${path}, metadata "moelab"`);
  return facts;
}

/** The first place at which two values differ, as a path, with both; undefined where none does. */
function difference(
  a: Json | undefined,
  b: Json | undefined,
  at: string,
): { at: string; found: string; wanted: string } | undefined {
  if (stableJson(a ?? null) === stableJson(b ?? null)) return undefined;
  const isObject = (v: Json | undefined): v is Record<string, Json> =>
    v !== null && typeof v === "object" && !Array.isArray(v);
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const deeper = difference(a[key], b[key], `${at}.${key}`);
      if (deeper) return deeper;
    }
  }
  const word = (v: Json | undefined) => {
    const text = JSON.stringify(v ?? null);
    return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
  };
  return { at, found: word(a), wanted: word(b) };
}

/**
 * Checks that a checkpoint is of the training that is told.
 *
 * @throws {UserError} that names the first difference.
 */
export function checkTold(checkpoint: Checkpoint, told: Readonly<Record<string, Json>>): void {
  for (const name of new Set([...Object.keys(told), ...Object.keys(checkpoint.told)])) {
    const differs = difference(checkpoint.told[name], told[name], name);
    if (!differs) continue;
    throw new UserError(
      `Cannot resume from ${checkpoint.path}: found ${differs.found} as ${differs.at}, ` +
        `wanted ${differs.wanted}; another path begins a training anew`,
    );
  }
}

/**
 * Puts a checkpoint's tensors into a trainer.
 *
 * @throws {UserError} where a tensor is missing, left over or of another shape, before any is
 * written.
 */
export async function restoreCheckpoint(
  device: Device,
  trainer: Checkpointed,
  checkpoint: Checkpoint,
): Promise<void> {
  const tensors = trainer.tensors();
  const { header, file, path, steps } = checkpoint;
  checkTensors(header, shapesOf(tensors), { source: path });
  const pool = createPool(device);
  for (const [name, tensor] of Object.entries(tensors)) {
    const values = valuesOfSafetensors(await readSafetensors(file, header.tensors.get(name)!));
    pool.write(tensor, values);
  }
  trainer.steps = steps;
}
