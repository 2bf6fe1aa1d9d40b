/**
 * Errors of the shipped stacks on published steps, as the fit wrote them down: on the rows that it
 * saw, on rows that were kept from it, and beside the rival of one rate for all.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { parseConfig, type Schema } from "../../kernels/base/config.ts";
import { type ErrorSet, errorSets, type ErrorSummary } from "../published/fit/summary.ts";
import { readJsonFile } from "../read_json.ts";

/** Ways to hold a prediction against a measurement. */
export const errorKinds = [
  "fitted",
  "modelLeftOut",
  "sourceLeftOut",
  "fewRows",
  "fewRowsDrawn",
  "constantRate",
] as const;

/** One of them. */
export type ErrorKind = typeof errorKinds[number];

/** Summaries of one kind of errors. */
export interface ErrorReport {
  /** By set of rows. */
  sets: Record<ErrorSet, ErrorSummary>;
  /** By source. */
  sources: Record<string, ErrorSummary>;
  /** Of all rows. */
  all: ErrorSummary;
}

/** What the fit wrote down; see the module. */
export interface FitErrors {
  /** Rows of its own that a left-out source is calibrated on. */
  few: number;
  /** Summaries by kind. */
  report: Record<ErrorKind, ErrorReport>;
  /** Natural logarithm of predicted over measured with the row's model left out, by row. */
  modelLeftOut: Record<string, number>;
}

const summary = z.object({
  rows: z.int().min(0),
  median: z.number(),
  p90: z.number(),
  mean: z.number(),
  bias: z.number(),
});

const report = z.object({
  sets: z.record(z.enum(errorSets), summary),
  sources: z.record(z.string(), summary),
  all: summary,
});

const errorsSchema: Schema<FitErrors> = z.object({
  few: z.int().positive(),
  report: z.record(z.enum(errorKinds), report),
  modelLeftOut: z.record(z.string(), z.number()),
});

/** The file that the fit writes. */
const file = fileURLToPath(new URL("../published/fit/errors.json", import.meta.url));

/** The errors that ship with the stacks. */
export async function fitErrors(): Promise<FitErrors> {
  return parseConfig(errorsSchema, await readJsonFile(file), file);
}
