/**
 * Errors on rows that a calibration did not see: one model left out at a time, and one source at a
 * time, then with a handful of its own rows.
 *
 * @module
 */
import { split } from "../../../kernels/base/random.ts";
import { calibrate } from "../../../sim/calibrate/calibrate.ts";
import type { FamilyLayout } from "../../../sim/calibrate/slots.ts";
import type { Stack } from "../../../sim/stack/stack.ts";
import { caseGroups } from "../case_groups.ts";
import { fitFamily, type FittedFamily } from "./fit_families.ts";
import type { StepRow } from "./step_rows.ts";

/** log(predicted / measured) of a row. */
export interface RowError {
  /** The row. */
  row: StepRow;
  /** Natural logarithm of predicted over measured seconds. */
  logError: number;
}

/** Steps of the fit for each model that is left out, from where the fit of all rows ended. */
const stepsOfAgain = 30;

const errorOf = (row: StepRow, stack: Stack): RowError => ({
  row,
  logError: Math.log(row.predict(stack) / row.seconds),
});

/** Errors of the fit itself. */
export function fittedErrors({ rows, calibration }: FittedFamily): RowError[] {
  return rows.map((row) => errorOf(row, calibration.stacks[row.stack]));
}

/** Errors of every row with all rows of its model left out of the family's fit. */
export function modelsLeftOut(fitted: FittedFamily): RowError[] {
  const { family, rows } = fitted;
  const modelOf = (row: StepRow) => caseGroups(row.row).family;
  const stacks = Object.keys(fitted.layout.start);
  return [...new Set(rows.map(modelOf))].flatMap((model) => {
    const known = rows.filter((row) => modelOf(row) !== model);
    const { calibration } = fitFamily(family, known, { steps: stepsOfAgain, stacks });
    return rows
      .filter((row) => modelOf(row) === model)
      .map((row) => errorOf(row, calibration.stacks[row.stack]));
  });
}

/** Errors of a family that no row of was seen, and after a few of its rows were. */
export interface SourceErrors {
  /** With the stack that is assumed where nothing is known. */
  unseen: RowError[];
  /** After a calibration on `few` rows, on all the others. */
  calibrated: RowError[];
}

/** A few rows drawn at random. */
export function drawnRows(
  rows: readonly StepRow[],
  few: number,
  { seed }: { seed: number },
): StepRow[] {
  return rows
    .map((row) => ({ row, at: split(seed, `few/${row.id}`).uniform() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, few)
    .map(({ row }) => row);
}

/** The layout with one stack for all: a few rows say nothing of one release of a family alone. */
function pooled({ layout }: FittedFamily): FamilyLayout {
  return { ...layout, shared: [...layout.shared, ...layout.byStack], byStack: [] };
}

/** Leaves a family out, and calibrates it on the rows that `choose` names. */
export function sourceLeftOut(
  fitted: FittedFamily,
  choose: (rows: readonly StepRow[], layout: FamilyLayout) => StepRow[],
): SourceErrors {
  const { rows } = fitted;
  const layout = pooled(fitted);
  const unseen = rows.map((row) => errorOf(row, layout.start[row.stack]));
  const chosen = choose(rows, layout);
  const { stacks } = calibrate(chosen, layout);
  const calibrated = rows
    .filter((row) => !chosen.includes(row))
    .map((row) => errorOf(row, stacks[row.stack]));
  return { unseen, calibrated };
}
