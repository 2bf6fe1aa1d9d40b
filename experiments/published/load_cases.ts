/**
 * The project's copy of the published measurements: `cases/index.json` names a file for each source,
 * with a row a line.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { parseConfig, type Schema } from "../../kernels/base/config.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { readJsonFile } from "../read_json.ts";
import type { CaseCategory, PublishedCase } from "./case.ts";
import { caseSchema } from "./case_schema.ts";

/** A file of rows. */
export interface CaseFile {
  /** Name in the folder. */
  file: string;
  /** Repository or paper of its rows. */
  ref: string;
  /** Repositories that hold the data, where the ref is a paper. */
  repos?: string[];
  /** Commits that the rows were read at. */
  commits: string[];
  /** Number of rows. */
  rows: number;
  /** Rows by category. */
  categories: Partial<Record<CaseCategory, number>>;
  /** Rows by quality. */
  quality: Partial<Record<PublishedCase["quality"], number>>;
}

/** The list of files. */
export interface CaseIndex {
  /** Version of this format. */
  schema: 1;
  /** What it is, in a sentence. */
  description: string;
  /** Rows in all files. */
  rows: number;
  /** One a source. */
  files: CaseFile[];
}

const counts = z.record(z.string(), z.int().positive());

const indexSchema = z.strictObject({
  schema: z.literal(1),
  description: z.string(),
  rows: z.int().positive(),
  files: z.array(z.strictObject({
    file: z.string(),
    ref: z.string(),
    repos: z.array(z.string()).optional(),
    commits: z.array(z.string()),
    rows: z.int().positive(),
    categories: counts,
    quality: counts,
  })),
}) as unknown as Schema<CaseIndex>;

/** The folder of the project's own copy. */
const ownFolder = new URL("./cases/", import.meta.url);

/** The line of a file as a value, or an error that says where it is. */
function parseLine(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new UserError(`Cannot read ${place}: it is not JSON, ${(error as Error).message}`);
  }
}

/**
 * The rows of a text with a row a line.
 *
 * @throws {UserError} that names the row and the field where one is wrong, and for an id twice.
 *
 * @example
 * ```ts
 * import { parseCases } from "@moelab/moelab/experiments";
 * import { assertThrows } from "@std/assert";
 *
 * const row = { id: "a", category: "kernel", source: { ref: "x" }, workload: {}, plan: {} };
 * assertThrows(
 *   () => parseCases(JSON.stringify({ ...row, hardware: { gpu: 7 }, result: {}, quality: "A" }), "a.jsonl"),
 *   TypeError,
 *   'Cannot read a.jsonl, row "a": at /hardware/gpu expected string but found 7',
 * );
 * ```
 */
export function parseCases(text: string, file: string): PublishedCase[] {
  const rows = text.split("\n").filter((line) => line !== "").map((line, i) => {
    const value = parseLine(line, `${file}, line ${i + 1}`);
    const id = (value as { id?: unknown } | null)?.id;
    const name = typeof id === "string" ? `row "${id}"` : `line ${i + 1}`;
    return parseConfig(caseSchema, value, `${file}, ${name}`);
  });
  const seen = new Set<string>();
  for (const { id } of rows) {
    if (seen.has(id)) throw new UserError(`Cannot read ${file}: row "${id}" is there twice`);
    seen.add(id);
  }
  return rows;
}

/** The index of the published measurements. */
export async function loadCaseIndex(folder: URL = ownFolder): Promise<CaseIndex> {
  const path = fileURLToPath(new URL("index.json", folder));
  return parseConfig(indexSchema, await readJsonFile(path), path);
}

/**
 * The published measurements, in the order of the index.
 *
 * @throws {UserError} that names the file, the row and the field where one is wrong.
 *
 * @example
 * ```ts
 * import { loadCases } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const rows = await loadCases();
 * assertEquals(rows.filter((row) => row.category === "finetune").length, 22);
 * ```
 */
export async function loadCases(folder: URL = ownFolder): Promise<PublishedCase[]> {
  const { files } = await loadCaseIndex(folder);
  const parts = await Promise.all(files.map(async ({ file }) => {
    return parseCases(await Deno.readTextFile(new URL(file, folder)), file);
  }));
  return parts.flat();
}
