/**
 * A calibration on the terminal: errors before and after, what moved, what the rows say nothing of.
 *
 * @module
 */
import { formatNumber, formatPlain, formatSigned } from "../../../reports/format.ts";
import { formatTable } from "../../table.ts";
import { quantile } from "../../quantile.ts";
import type { CalibratedStack } from "./calibrate_stack.ts";
import type { Measurements } from "./measurements.ts";

/** Below this share a parameter counts as one that the rows say nothing of. */
export const leastInformed = 0.1;

const right = (head: string) => ({ head, align: "right" as const });

const sizes = (logs: readonly number[]) => logs.map((e) => Math.abs(Math.expm1(e)));

function errorsTable({ before, after, leftOut }: CalibratedStack): string {
  const line = (name: string, logs: readonly number[]) => [
    name,
    formatNumber(quantile(sizes(logs), 0.5), "fraction", 3),
    formatSigned(Math.expm1(quantile(logs, 0.5))),
    formatNumber(Math.max(...sizes(logs)), "fraction", 3),
  ];
  return formatTable(
    [{ head: "error of the steps" }, right("median"), right("bias"), right("largest")],
    [
      line("before", before),
      line("after", after),
      line("after, row by row left out", leftOut),
    ],
  );
}

function rowsTable({ rows }: Measurements, { before, after }: CalibratedStack): string {
  return formatTable(
    [{ head: "row" }, right("measured"), right("before"), right("after")],
    rows.map(({ id, seconds }, i) => [
      id,
      formatNumber(seconds, "seconds"),
      formatSigned(Math.expm1(before[i])),
      formatSigned(Math.expm1(after[i])),
    ]),
  );
}

function movedTable({ moved }: CalibratedStack): string {
  return formatTable(
    [
      { head: "number of the stack" },
      { head: "on" },
      right("before"),
      right("after"),
      right("moved, deviations"),
      right("decided by the rows"),
    ],
    moved.filter(({ informedFraction }) => informedFraction >= leastInformed).map((p) => [
      p.name,
      p.where,
      formatPlain(p.before, 3),
      formatPlain(p.after, 3),
      formatPlain(p.deviations, 2),
      formatNumber(p.informedFraction, "fraction", 2),
    ]),
  );
}

/** Everything that there is to say of a calibration; rows one by one where they are few. */
export function showCalibration(measurements: Measurements, fit: CalibratedStack): string {
  const idle = fit.moved.filter(({ informedFraction }) => informedFraction < leastInformed);
  const far = fit.moved.filter(({ deviations }) => Math.abs(deviations) > 2);
  return [
    errorsTable(fit),
    ...(measurements.rows.length <= 20 ? [rowsTable(measurements, fit)] : []),
    movedTable(fit),
    [
      ...(idle.length > 0
        ? [`The rows say nothing of ${idle.map(({ name }) => name).join(", ")}: these stay`]
        : []),
      ...(far.length > 0
        ? [
          `Far from what is usual, so look whether the rows are what they say: ${
            far.map(({ name }) => name).join(", ")
          }`,
        ]
        : []),
      ...measurements.unsupported.map(({ id, reason }) => `Left out: ${id}, ${reason}`),
    ].join("\n"),
  ].filter((text) => text !== "").join("\n\n");
}
