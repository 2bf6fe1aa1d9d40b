/**
 * Published training rows, ready to be predicted: described, compiled and measured.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { closedForm } from "../../../sim/cost/closed_form.ts";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import { stepCosts } from "../../../sim/cost/step_costs.ts";
import type { StepToFit } from "../../../sim/calibrate/calibrate.ts";
import type { PublishedCase } from "../case.ts";
import { type CaseDescription, describeCase } from "../describe_case.ts";
import { stepSeconds } from "../step_seconds.ts";

/** A row that is measured and can be predicted. */
export interface StepRow extends StepToFit {
  /** The row. */
  row: PublishedCase;
  /** What it describes. */
  described: CaseDescription;
}

/** Rows that can be predicted, and why the others cannot. */
export interface StepRows {
  /** Predictable. */
  rows: StepRow[];
  /** Reasons by id. */
  unsupported: { id: string; reason: string }[];
}

/** The rows of training steps with a time or a rate. */
export function stepRows(cases: readonly PublishedCase[]): StepRows {
  const rows: StepRow[] = [];
  const unsupported: StepRows["unsupported"] = [];
  for (const row of cases) {
    if (row.category !== "train_dense" && row.category !== "train_moe") continue;
    const seconds = stepSeconds(row);
    if (seconds === undefined || !(seconds > 0)) continue;
    const described = describeCase(row);
    if ("unsupported" in described) {
      unsupported.push({ id: row.id, reason: described.unsupported });
      continue;
    }
    const { sizes, plan, workload, cluster, flags } = described;
    try {
      const { architecture, machine } = machineOf(cluster, plan.precision, flags);
      rows.push({
        id: row.id,
        row,
        described,
        stack: described.stack,
        architecture,
        seconds,
        predict: (stack) => {
          const on = machine(stack);
          return closedForm(stepCosts({ sizes, plan, workload, machine: on }), plan, on)
            .stepSeconds;
        },
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      unsupported.push({ id: row.id, reason: error.message });
    }
  }
  return { rows, unsupported };
}
