/**
 * Which variant of each matrix kernel a device runs: searched once within a time budget, remembered
 * in a file by adapter, replayed where a profile names its variants.
 *
 * All variants add in the same order, so the choice changes times and never values.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "./base/config.ts";
import { UserError } from "./base/errors.ts";
import { readTextFileIfAny, stableJson, writeTextFile } from "./base/files.ts";
import { normals, split } from "./base/random.ts";
import { adapterKey, type Device } from "./device.ts";
import { gemm, gemmSwiglu } from "./gemm/gemm.ts";
import { parseVariant, type Variant, variantName } from "./gemm/variant.ts";
import { groupedGemm, groupedGemmSwiglu } from "./grouped_gemm/grouped_gemm.ts";
import { groupTensors, groupTokens } from "./group_tokens/group_tokens.ts";
import type { Recorder } from "./recorder.ts";
import { createPool, type Pool, type Tensor } from "./tensor.ts";
import { now, runTimed } from "./time.ts";

/** The variant of each kind of product. */
export interface KernelChoice {
  /** Dense products. */
  gemm: Variant;
  /** Dense SwiGLU products. */
  gemmSwiglu: Variant;
  /** Grouped products and the gradients of their rows: one variant, for they share a tile map. */
  grouped: Variant;
  /** Dense products with B transposed: gradients of inputs. */
  transposed: Variant;
  /** Products with A transposed, dense or grouped: gradients of weights. */
  weightGrad: Variant;
}

/** A choice as words, for files and reports. */
export type KernelWords = Record<keyof KernelChoice, string>;

const kinds = ["gemm", "gemmSwiglu", "grouped", "transposed", "weightGrad"] as const;

const byKind = <T>(make: (kind: keyof KernelChoice) => T): Record<keyof KernelChoice, T> =>
  Object.fromEntries(kinds.map((kind) => [kind, make(kind)])) as Record<keyof KernelChoice, T>;

/** A choice as words. */
export function choiceWords(choice: KernelChoice): KernelWords {
  return byKind((kind) => variantName(choice[kind]));
}

/** One variant for every kind of product. */
export const uniformChoice = (variant: Variant): KernelChoice => byKind(() => variant);

/** The choice of words. */
export function parseChoice(words: Record<string, string>): KernelChoice {
  return byKind((kind) => parseVariant(words[kind]));
}

/** Candidates of a CPU driver; a sum that fits its registers and a tile that fits its first cache. */
const subgroupCandidates: Record<keyof KernelChoice, string[]> = {
  gemm: ["32x1x8x4", "64x1x8x4", "32x2x8x2"],
  gemmSwiglu: ["32x1x8x4", "32x1x8x2"],
  grouped: ["32x1x8x4", "32x2x8x2", "32x1x8x2"],
  transposed: ["32x1x8x4", "64x1x8x4"],
  weightGrad: ["32x1x8x4", "64x1x8x4"],
};

/** Candidates of a GPU. */
const tileCandidates: Record<keyof KernelChoice, string[]> = {
  gemm: ["64x1x16x1", "128x1x16x1", "64x2x16x1", "128x2x16x1"],
  gemmSwiglu: ["64x1x16x1", "128x1x16x1"],
  grouped: ["64x1x16x1", "128x1x16x1"],
  transposed: ["64x1x16x1", "128x1x16x1", "64x2x16x1"],
  weightGrad: ["64x1x16x1", "128x1x16x1", "64x2x16x1"],
};

/**
 * Candidates in the order they are tried. The first is the same for every kind, so that products of
 * one form share a pipeline until somebody searches, and the fastest to compile.
 */
export function candidates(device: Device): Record<keyof KernelChoice, string[]> {
  const lanes = device.subgroupSize;
  const onCpu = device.adapter.software && lanes >= 4 && lanes <= 32;
  const name = (shape: string) => onCpu ? `subgroup-${shape}-texture` : `tile-${shape}-buffer`;
  const shapes = onCpu ? subgroupCandidates : tileCandidates;
  return byKind((kind) => shapes[kind].map(name));
}

/** The first candidate of each kind: what runs where nobody has searched. */
export function guessedKernels(device: Device): KernelChoice {
  const names = candidates(device);
  return parseChoice(byKind((kind) => names[kind][0]));
}

/** What a search is told. */
export interface TuneOptions {
  /** The kinds to search; the others keep what is known of them. All where absent. */
  kinds?: readonly (keyof KernelChoice)[];
  /** Past so many seconds no further candidate is compiled. */
  budgetSeconds?: number;
  /** Told the time of each candidate. */
  log?: (line: string) => void;
}

const T = 512;
const D = 384;
const E = 4;

/** The recordings that candidates compete on; each gives the tensors to put back. */
function contests(pool: Pool): {
  inputs: Tensor[];
  record: Record<keyof KernelChoice, (recorder: Recorder, variant: Variant) => Tensor[]>;
} {
  const fill = (name: string, shape: number[]) =>
    pool.upload(name, shape, normals(split(0, name), shape.reduce((a, b) => a * b), 0.1));
  const x = fill("x", [T, D]);
  const w = fill("w", [D, D]);
  const w2 = fill("w2", [2, D, D]);
  const up = fill("up", [E, 2, D, D / 2]);
  const down = fill("down", [E, D / 2, D]);
  const ids = pool.upload("ids", [T], Uint32Array.from({ length: T }, (_, t) => t % 7 % E));
  return {
    inputs: [x, w, w2, up, down, ids],
    record: {
      gemm: (r, variant) => [gemm(r, x, { b: w, label: "gemm", variant })],
      gemmSwiglu: (r, variant) => [gemmSwiglu(r, x, { b: w2, label: "gemmSwiglu", variant })],
      grouped: (r, variant) => {
        const groups = groupTokens(r, ids, { experts: E, tileRows: variant.rows });
        const h = groupedGemmSwiglu(r, x, { w: up, groups, label: "grouped", variant });
        const y = groupedGemm(r, h, { w: down, groups, label: "grouped", variant });
        return [h, y, ...groupTensors(groups)];
      },
      transposed: (r, variant) => [
        gemm(r, x, { b: w, transposeB: true, label: "transposed", variant }),
      ],
      weightGrad: (r, variant) => [
        gemm(r, x, { b: x, transposeA: true, label: "weightGrad", variant }),
      ],
    },
  };
}

/** Times that each candidate runs, in turn with the others of its kind. */
const ROUNDS = 9;

/**
 * Searches the candidates; one whose turn to be compiled comes past `budgetSeconds` is left out,
 * the first of each kind excepted.
 */
export async function tune(
  device: Device,
  options: TuneOptions = {},
): Promise<KernelChoice> {
  const { budgetSeconds = 15, log } = options;
  const searched = options.kinds ?? kinds;
  const started = now();
  const pool = createPool(device);
  const { inputs, record } = contests(pool);
  const words = choiceWords(guessedKernels(device));
  for (const kind of searched) {
    const run = async (name: string) => {
      const variant = parseVariant(name);
      const times = await runTimed(pool, (r) => pool.release(...record[kind](r, variant)));
      const own = times.filter(({ label }) => label === kind);
      return own.reduce((sum, t) => sum + t.endSeconds - t.startSeconds, 0);
    };
    const best = new Map<string, number>();
    for (const name of candidates(device)[kind]) {
      if (best.size > 0 && (now() - started) / 1000 > budgetSeconds) break;
      await run(name);
      best.set(name, Infinity);
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, least] of best) {
        best.set(name, Math.min(least, await run(name)));
      }
    }
    const ranked = [...best].sort(([, a], [, b]) => a - b);
    for (const [name, seconds] of ranked) {
      log?.(`${kind} ${name}: ${(seconds * 1e3).toFixed(2)} ms`);
    }
    words[kind] = ranked[0][0];
  }
  pool.release(...inputs);
  pool.trim();
  return parseChoice(words);
}

/** What the memory holds: words by adapter. */
const memorySchema: Schema<Record<string, Record<string, string>>> = z.record(
  z.string(),
  z.record(z.string(), z.string()),
);

async function readMemory(path: string): Promise<Record<string, Record<string, string>>> {
  const text = await readTextFileIfAny(path);
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = (error as SyntaxError).message;
    throw new UserError(`Cannot read ${path}: expected JSON but found ${reason}; remove the file`);
  }
  return parseConfig(memorySchema, value, path);
}

/**
 * The remembered choice of this adapter; what is not known of the kinds asked for, or is no candidate
 * any more, is searched and then remembered.
 *
 * @throws {UserError} where the memory is a file of something else.
 */
export async function tunedKernels(
  device: Device,
  options: TuneOptions & { memory?: string } = {},
): Promise<KernelChoice> {
  const { memory = ".moelab/tune.json", ...search } = options;
  const key = adapterKey(device.adapter);
  const known = await readMemory(memory);
  const names = candidates(device);
  const remembered = Object.fromEntries(
    kinds.map((kind) => [kind, known[key]?.[kind]] as const)
      .filter(([kind, word]) => word !== undefined && names[kind].includes(word)),
  );
  const missing = (options.kinds ?? kinds).filter((kind) => !(kind in remembered));
  const guess = choiceWords(guessedKernels(device));
  if (missing.length === 0) return parseChoice({ ...guess, ...remembered });
  const found = choiceWords(await tune(device, { ...search, kinds: missing }));
  const words = {
    ...remembered,
    ...Object.fromEntries(missing.map((kind) => [kind, found[kind]])),
  };
  await writeTextFile(memory, stableJson({ ...known, [key]: words }));
  return parseChoice({ ...guess, ...words });
}
