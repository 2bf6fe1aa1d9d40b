/**
 * Refuses a file that is no result, and says which field is wrong.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "../kernels/base/config.ts";
import { adapterSchema, estimateSchema, timerSchema } from "./shared_schema.ts";
import { nearest, UserError } from "../kernels/base/errors.ts";
import type { Result } from "./result.ts";
import { streamOrder } from "./streams.ts";
import { checkVisuals, visualFields } from "./visuals_schema.ts";

const text = z.string();
const number = z.number();
const texts = z.record(text, text);
const kind = z.enum(["measured", "simulated", "published", "derived"]);

const provenance = z.strictObject({
  runId: text,
  startedAt: text,
  wallSeconds: number,
  command: text,
  commit: text,
  versions: texts,
  os: text,
  cpu: text,
  adapter: adapterSchema,
  timer: timerSchema,
  seed: number,
  inputs: texts,
  lockHash: text,
  kernels: texts,
});

const span = z.strictObject({
  rank: z.int().min(0),
  stream: z.enum(streamOrder),
  name: text,
  class: z.enum(["compute", "communication", "waiting"]),
  startSeconds: number,
  endSeconds: number,
  bytes: number.optional(),
  flops: number.optional(),
}).refine((s) => s.startSeconds <= s.endSeconds, {
  error: "expected startSeconds at most endSeconds",
});

const row = z.strictObject({
  id: text,
  table: text,
  labels: z.record(text, z.union([text, number])),
  kind,
  metrics: z.record(text, estimateSchema),
  warnings: z.array(text),
  infeasible: text.optional(),
});

const pairSummary = z.strictObject({
  group: text,
  n: z.int().min(0),
  medianAbsoluteError: number,
  meanAbsoluteError: number,
  medianSignedError: number,
  worst: z.strictObject({ id: text, label: text, error: number }),
  kendallTau: number,
});

const resultSchema: Schema<Result> = z.strictObject({
  schema: z.literal(1),
  experiment: text,
  title: text,
  question: text,
  verdict: text,
  decision: text,
  notes: z.array(z.strictObject({ heading: text, paragraphs: z.array(text) })),
  provenance,
  tables: z.array(z.strictObject({
    id: text,
    title: text,
    note: text,
    columns: z.array(text).optional(),
    best: z.record(text, z.enum(["lowest", "highest"])).optional(),
    ranges: z.strictObject({ low: text, middle: text, high: text }).optional(),
  })),
  rows: z.array(row),
  samples: z.record(text, z.array(number)),
  pairs: z.array(z.strictObject({
    id: text,
    label: text,
    group: text.optional(),
    predicted: estimateSchema,
    measured: estimateSchema,
    inside: z.boolean(),
  })),
  pairStyle: z.strictObject({ measured: kind, series: z.enum(["range", "group"]) }).optional(),
  pairSummaries: z.array(pairSummary),
  roofline: z.strictObject({
    peakFlopsPerSecond: number.positive(),
    memoryBytesPerSecond: number.positive(),
    points: z.array(z.strictObject({
      id: text,
      label: text,
      flopPerByte: number.positive(),
      flopsPerSecond: estimateSchema,
    })),
  }).optional(),
  timelines: z.array(z.strictObject({
    id: text,
    title: text,
    note: text,
    kind,
    spans: z.array(span),
  })),
  checks: z.array(z.strictObject({
    name: text,
    value: number,
    limit: number,
    passed: z.boolean(),
    note: text,
  })),
  ...visualFields,
});

/** The first id that stands twice. */
function repeated(items: readonly { id: string }[]): string | undefined {
  const seen = new Set<string>();
  return items.find(({ id }) => seen.size === seen.add(id).size)?.id;
}

/**
 * Checks that a value read from a file is a {@linkcode Result}: every field, that ids are unique,
 * and that every row names a table that is there. Throws a `UserError` that names the file, the
 * field, the value found and the value wanted.
 *
 * @example
 * ```ts
 * import { validateResult } from "@moelab/moelab/reports";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => validateResult({ schema: 2 }, "result.json"),
 *   TypeError,
 *   "Cannot read result.json: at /schema expected one of 1 but found 2",
 * );
 * ```
 */
export function validateResult(value: unknown, source: string): Result {
  const result = parseConfig(resultSchema, value, source);
  const lists = {
    tables: result.tables,
    rows: result.rows,
    pairs: result.pairs,
    timelines: result.timelines,
    "roofline/points": result.roofline?.points ?? [],
  };
  for (const [name, items] of Object.entries(lists)) {
    const id = repeated(items);
    if (id !== undefined) {
      throw new UserError(
        `Cannot read ${source}: at /${name} expected unique ids but found "${id}" twice`,
      );
    }
  }
  checkVisuals(result, source);
  const tables = result.tables.map((t) => t.id);
  result.rows.forEach(({ table }, i) => {
    if (tables.includes(table)) return;
    const near = nearest(table, tables);
    throw new UserError(
      `Cannot read ${source}: at /rows/${i}/table expected one of ${
        tables.map((t) => `"${t}"`).join(", ")
      } but found "${table}"${near ? `; did you mean "${near}"` : ""}`,
    );
  });
  return result;
}
