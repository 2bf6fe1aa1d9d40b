/**
 * Rows to predict, from a file that may be of another collection than the project's own.
 *
 * A row is looked at only as far as its prediction needs: fields that nobody here knows are left
 * alone, and a row whose result was taken out is predicted like any other.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig } from "../../../kernels/base/config.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import type { PublishedCase } from "../../published/case.ts";

const fields = z.record(z.string(), z.unknown());

const rowSchema = z.looseObject({
  id: z.string().min(1),
  category: z.string().min(1),
  source: z.looseObject({ ref: z.string() }).default({ ref: "" }),
  workload: fields.default({}),
  hardware: z.looseObject({ gpu: z.string() }),
  plan: fields.default({}),
  result: fields.default({}),
});

/**
 * The values of a text: one JSON array, or a value a line.
 *
 * @throws {UserError} for what is no JSON.
 */
export function readValues(text: string, file: string): unknown[] {
  const lines = text.trimStart().startsWith("[") ? [text] : text.split("\n");
  const values = lines.flatMap((line, i): unknown[] => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line)];
    } catch (error) {
      const place = lines.length > 1 ? `${file}, line ${i + 1}` : file;
      throw new UserError(`Cannot read ${place}: it is not JSON, ${(error as Error).message}`);
    }
  });
  return values.flatMap((value) => Array.isArray(value) ? value : [value]);
}

/**
 * The rows of a text: a JSON array of rows, or a row a line.
 *
 * @throws {UserError} for what is no JSON, a row without id, category or device, and an id twice.
 */
export function readRows(text: string, file: string): PublishedCase[] {
  const seen = new Set<string>();
  return readValues(text, file).map((value, i) => {
    const id = (value as { id?: unknown } | null)?.id;
    const name = typeof id === "string" ? `row "${id}"` : `row ${i + 1}`;
    const row = parseConfig(rowSchema, value, `${file}, ${name}`) as unknown as PublishedCase;
    if (seen.has(row.id)) {
      throw new UserError(`Cannot read ${file}: row "${row.id}" is there twice`);
    }
    seen.add(row.id);
    return row;
  });
}
