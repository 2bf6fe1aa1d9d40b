/**
 * Errors of groups as rows of a table.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/estimate.ts";
import type { Row } from "../../../reports/result.ts";
import { quantile } from "../../quantile.ts";

/** An error with what it counts under. */
export interface GroupedError {
  /** Group. */
  group: string;
  /** Natural logarithm of predicted over measured. */
  logError: number;
  /** The same with the row's model left out of the fit, where that is known. */
  leftOut?: number;
}

const derived = (value: number) => exactly(value, "derived from published and predicted values");

/** Metrics of some errors: their middle half's size, where nine in ten lie, and the bias. */
export function errorMetrics(errors: readonly Omit<GroupedError, "group">[]): Row["metrics"] {
  const signed = errors.map(({ logError }) => Math.expm1(logError));
  const absolute = signed.map(Math.abs);
  const left = errors.flatMap(({ leftOut }) =>
    leftOut === undefined ? [] : [Math.abs(Math.expm1(leftOut))]
  );
  return {
    rowsCount: derived(errors.length),
    medianErrorFraction: derived(quantile(absolute, 0.5)),
    nineInTenErrorFraction: derived(quantile(absolute, 0.9)),
    lowErrorFraction: derived(quantile(signed, 0.1)),
    biasFraction: derived(quantile(signed, 0.5)),
    highErrorFraction: derived(quantile(signed, 0.9)),
    ...(left.length > 0 && { leftOutMedianErrorFraction: derived(quantile(left, 0.5)) }),
  };
}

/** What a table of errors draws above itself. */
export const errorRanges = {
  low: "lowErrorFraction",
  middle: "biasFraction",
  high: "highErrorFraction",
};

/** A row for each group, the one with most errors first. */
export function errorRows(
  table: string,
  errors: readonly GroupedError[],
  options: { label: string },
): Row[] {
  return [...Map.groupBy(errors, ({ group }) => group)]
    .sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
    .map(([group, own]) => ({
      id: `${table}-${group}`,
      table,
      labels: { [options.label]: group },
      kind: "derived",
      metrics: errorMetrics(own),
      warnings: [],
    }));
}
