/**
 * Refuses a file that is no benchmark's, and says which field is wrong.
 *
 * @module
 */
import { z } from "zod";
import type { Schema } from "../kernels/base/config.ts";
import { adapterSchema, estimateSchema, timerSchema } from "./shared_schema.ts";
import type { BenchFile } from "./bench_file.ts";

const text = z.string();
const number = z.number();
const texts = z.record(text, text);

const row = z.strictObject({
  id: text,
  labels: z.record(text, z.union([text, number])),
  seconds: estimateSchema,
  samples: z.array(number),
  flops: number.optional(),
  bytes: number.optional(),
  items: z.strictObject({ name: text, count: number }).optional(),
  roofFraction: estimateSchema.optional(),
  warnings: z.array(text),
});

const contest = z.strictObject({
  id: text,
  says: text,
  ours: text,
  theirs: text,
  speed: estimateSchema,
  samples: z.array(number),
  target: number.optional(),
  goal: text,
  verdict: z.enum(["reached", "missed", "open", "no goal"]),
});

const device = z.strictObject({
  adapter: adapterSchema,
  timer: timerSchema,
  kernels: texts,
});

/** Checks a {@linkcode BenchFile}. */
export const benchFileSchema: Schema<BenchFile> = z.strictObject({
  schema: z.literal(2),
  bench: text,
  startedAt: text,
  wallSeconds: number,
  command: text,
  commit: text,
  versions: texts,
  cpu: text,
  os: text,
  lockHash: text,
  notes: z.array(text),
  rows: z.array(row),
  contests: z.array(contest),
  skipped: z.array(z.strictObject({ what: text, why: text })),
  roof: z.strictObject({ peakFlopsPerSecond: estimateSchema, copyBytesPerSecond: estimateSchema })
    .optional(),
  device: device.optional(),
});
