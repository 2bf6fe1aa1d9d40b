/**
 * Errors in figures: medians, percentiles and bias by set and by source.
 *
 * @module
 */
import { quantile } from "../../quantile.ts";
import { caseGroups } from "../case_groups.ts";
import type { RowError } from "./leave_out.ts";

/** Errors of some rows, as shares of the measured time. */
export interface ErrorSummary {
  /** Rows. */
  rows: number;
  /** Median of the absolute error. */
  median: number;
  /** Its 90th percentile. */
  p90: number;
  /** Mean of the absolute error. */
  mean: number;
  /** Median of the signed error. */
  bias: number;
}

/** The summary of errors; zeros for none. */
export function summarize(errors: readonly RowError[]): ErrorSummary {
  const signed = errors.map(({ logError }) => Math.expm1(logError));
  const absolute = signed.map(Math.abs);
  if (absolute.length === 0) return { rows: 0, median: 0, p90: 0, mean: 0, bias: 0 };
  return {
    rows: absolute.length,
    median: quantile(absolute, 0.5),
    p90: quantile(absolute, 0.9),
    mean: absolute.reduce((a, b) => a + b, 0) / absolute.length,
    bias: quantile(signed, 0.5),
  };
}

/** Sets that are told apart: large sweeps would hide the others. */
export const errorSets = ["dense", "vtrain", "a100-sweep", "moe", "simumax"] as const;

/** A set of rows. */
export type ErrorSet = typeof errorSets[number];

/** The sets that a row counts in. */
export function setsOf({ row: { row } }: RowError): ErrorSet[] {
  const { source } = caseGroups(row);
  if (source === "vtrain") return ["vtrain"];
  if (source === "aleph") return ["a100-sweep"];
  const kind = row.category === "train_moe" ? "moe" : "dense";
  return source === "simumax" ? [kind, "simumax"] : [kind];
}

/** Summaries of every set. */
export function bySet(errors: readonly RowError[]): Record<ErrorSet, ErrorSummary> {
  const of = (set: ErrorSet) => summarize(errors.filter((error) => setsOf(error).includes(set)));
  return Object.fromEntries(errorSets.map((set) => [set, of(set)])) as Record<
    ErrorSet,
    ErrorSummary
  >;
}

/** Summaries by any key of a row, in the order of first appearance. */
export function byKey(
  errors: readonly RowError[],
  keyOf: (error: RowError) => string,
): Record<string, ErrorSummary> {
  const groups = Map.groupBy(errors, keyOf);
  return Object.fromEntries([...groups].map(([key, own]) => [key, summarize(own)]));
}
