/**
 * Which variant of each matrix kernel a device runs: searched once within a time budget, remembered
 * in a file by adapter, replayed where a profile names its variants.
 *
 * All variants add in the same order, so the choice changes times and never values.
 *
 * @module
 */
import { readTextFileIfAny, stableJson, writeTextFile } from "./base/files.ts";
import { normals, split } from "./base/random.ts";
import { adapterKey, type Device } from "./device.ts";
import { gemm, gemmSwiglu } from "./gemm/gemm.ts";
import { parseVariant, type Variant, variantName } from "./gemm/variant.ts";
import { groupedGemm, groupedGemmSwiglu } from "./grouped_gemm/grouped_gemm.ts";
import { groupTokens } from "./group_tokens/group_tokens.ts";
import { groupedColumns } from "./grouped_gemm/columns.ts";
import type { Recorder } from "./recorder.ts";
import { createPool, type Pool, type Tensor } from "./tensor.ts";
import { now, time } from "./time.ts";

/** The variant of each kind of product. The grouped pair shares one, for it shares a tile map. */
export interface KernelChoice {
  /** Dense products. */
  gemm: Variant;
  /** Dense SwiGLU products. */
  gemmSwiglu: Variant;
  /** Both grouped products. */
  grouped: Variant;
}

/** A choice as words, for files and reports. */
export type KernelWords = Record<keyof KernelChoice, string>;

/** A choice as words. */
export function choiceWords(choice: KernelChoice): KernelWords {
  return {
    gemm: variantName(choice.gemm),
    gemmSwiglu: variantName(choice.gemmSwiglu),
    grouped: variantName(choice.grouped),
  };
}

/** The choice of words. */
export function parseChoice(words: Record<string, string>): KernelChoice {
  return {
    gemm: parseVariant(words.gemm),
    gemmSwiglu: parseVariant(words.gemmSwiglu),
    grouped: parseVariant(words.grouped),
  };
}

/** Candidates in the order they are tried: the best guess first. */
export function candidates(device: Device): Record<keyof KernelChoice, string[]> {
  const lanes = device.subgroupSize;
  if (device.adapter.software && lanes >= 4 && lanes <= 32) {
    return {
      gemm: ["64x1x4x4", "128x1x4x4"].map((s) => `subgroup-${s}-texture`),
      gemmSwiglu: ["64x1x4x4"].map((s) => `subgroup-${s}-texture`),
      grouped: ["64x1x4x4", "32x1x4x4"].map((s) => `subgroup-${s}-texture`),
    };
  }
  const tiles = ["64x1x16x1", "128x1x16x1", "64x2x16x1", "128x2x16x1"].map((s) =>
    `tile-${s}-buffer`
  );
  return { gemm: tiles, gemmSwiglu: tiles.slice(0, 2), grouped: tiles.slice(0, 2) };
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
        const columns = groupedColumns(pool.device, variant, { up: D / 2, down: D });
        const groups = groupTokens(r, ids, { experts: E, tileRows: variant.rows, columns });
        const h = groupedGemmSwiglu(r, x, { w: up, groups, topK: 1, label: "grouped", variant });
        const y = groupedGemm(r, h, { w: down, groups, label: "grouped", variant });
        return [h, y, ...Object.values(groups)];
      },
    },
  };
}

/** Searches the candidates; past `budgetSeconds` the best so far (or the first) is taken. */
export async function tune(
  device: Device,
  options: { budgetSeconds?: number; log?: (line: string) => void } = {},
): Promise<KernelChoice> {
  const { budgetSeconds = 10, log } = options;
  const started = now();
  const pool = createPool(device);
  const { inputs, record } = contests(pool);
  const words = {} as KernelWords;
  for (const kind of Object.keys(record) as (keyof KernelChoice)[]) {
    let best = Infinity;
    const names = candidates(device)[kind];
    words[kind] = names[0];
    for (const name of names) {
      if ((now() - started) / 1000 > budgetSeconds) break;
      const variant = parseVariant(name);
      const timing = await time(pool, (r) => pool.release(...record[kind](r, variant)), {
        repeats: 5,
      });
      const seconds = Math.min(...timing.byLabel[kind].seconds);
      log?.(`${kind} ${name}: ${(seconds * 1e3).toFixed(2)} ms`);
      if (seconds < best) [best, words[kind]] = [seconds, name];
    }
  }
  pool.release(...inputs);
  pool.trim();
  return parseChoice(words);
}

/** The remembered choice of this adapter, or a fresh one, then remembered. */
export async function tunedKernels(
  device: Device,
  options: { memory?: string; log?: (line: string) => void } = {},
): Promise<KernelChoice> {
  const { memory = ".moelab/tune.json", log } = options;
  const key = adapterKey(device.adapter);
  const text = await readTextFileIfAny(memory);
  const known: Record<string, Record<string, string>> = text ? JSON.parse(text) : {};
  if (known[key]) return parseChoice(known[key]);
  const choice = await tune(device, { log });
  await writeTextFile(memory, stableJson({ ...known, [key]: choiceWords(choice) }));
  return choice;
}
