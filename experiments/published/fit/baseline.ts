/**
 * What a simulator has to beat: one constant of model FLOP/s utilisation for all rows of a source on
 * a kind of device.
 *
 * @module
 */
import { quantile } from "../../quantile.ts";
import { modelFlopsPerToken } from "../flop_conventions.ts";
import type { RowError } from "./leave_out.ts";
import type { StepRow } from "./step_rows.ts";

/** Model FLOP of a row's step. */
export function stepFlops({ described: { sizes, workload, plan } }: StepRow): number {
  const { sequence } = workload;
  return modelFlopsPerToken(sizes, sequence, { convention: "causal" }) * sequence *
    plan.globalBatch;
}

/** Errors of the median FLOP/s a device of each source, device and number format, on the same rows. */
export function constantRate(
  rows: readonly StepRow[],
  sourceOf: (row: StepRow) => string,
): RowError[] {
  const groups = Map.groupBy(
    rows,
    (row) =>
      `${sourceOf(row)}/${row.described.cluster.split(":")[0]}/${row.described.plan.precision}`,
  );
  return [...groups.values()].flatMap((group) => {
    const work = (row: StepRow) => stepFlops(row) / row.described.devices;
    const rate = quantile(group.map((row) => Math.log(work(row) / row.seconds)), 0.5);
    return group.map((row): RowError => ({
      row,
      logError: Math.log(work(row) / row.seconds) - rate,
    }));
  });
}
