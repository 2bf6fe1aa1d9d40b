/**
 * What a benchmark gives: rows of times with intervals, and how much work each of them is.
 *
 * @module
 */
import { z } from "zod";
import type { Schema } from "../../kernels/base/config.ts";
import type { Estimate } from "../../kernels/base/estimate.ts";

/** One thing that was timed. */
export interface BenchRow {
  /** Stable name, by which a later run finds its counterpart. */
  id: string;
  /** What was timed, in the order of the columns, such as kernel, shape and implementation. */
  labels: Record<string, string | number>;
  /** Time of one call, seconds. */
  seconds: Estimate;
  /** FLOP of one call, where it has any. */
  flops?: number;
  /** Bytes that one call has to move at the least. */
  bytes?: number;
  /** Things done by one call, such as events, where FLOP and bytes say nothing. */
  items?: { name: string; count: number };
  /** What to mind when reading it. */
  warnings: string[];
}

/** A benchmark's answer. */
export interface BenchResult {
  /** Which benchmark: "kernels", "sim" or "plan". */
  bench: string;
  /** Where and how it was taken, a sentence each. */
  notes: string[];
  /** What was timed. */
  rows: BenchRow[];
}

/** What a benchmark may use. */
export interface BenchOptions {
  /** True where seconds matter more than tight intervals. */
  quick: boolean;
  /** Says a line to the person who waits. */
  log(line: string): void;
  /** Seconds that rise with wall time, for what runs on the CPU. */
  seconds(): number;
}

/** A benchmark. */
export type Bench = (options: BenchOptions) => Promise<BenchResult>;

/** A benchmark's answer as a file, with what names the machine and the day. */
export interface BenchFile extends BenchResult {
  /** Version of this format. */
  schema: 1;
  /** When it began, ISO 8601, UTC. */
  startedAt: string;
  /** Git commit of the suite, or "unknown". */
  commit: string;
  /** Model and number of cores. */
  cpu: string;
  /** Operating system and architecture. */
  os: string;
}

const estimate = z.strictObject({
  value: z.number(),
  lo: z.number(),
  hi: z.number(),
  n: z.number(),
  method: z.string(),
});

/** Checks a {@linkcode BenchFile}. */
export const benchFileSchema: Schema<BenchFile> = z.strictObject({
  schema: z.literal(1),
  bench: z.string(),
  startedAt: z.string(),
  commit: z.string(),
  cpu: z.string(),
  os: z.string(),
  notes: z.array(z.string()),
  rows: z.array(z.strictObject({
    id: z.string(),
    labels: z.record(z.string(), z.union([z.string(), z.number()])),
    seconds: estimate,
    flops: z.number().optional(),
    bytes: z.number().optional(),
    items: z.strictObject({ name: z.string(), count: z.number() }).optional(),
    warnings: z.array(z.string()),
  })),
});
