/**
 * Calibrates the shipped stacks on the published rows and writes them with their errors: of the fit,
 * with each model left out, and with each source left out before and after a few of its rows.
 *
 *     deno run --allow-read --allow-write experiments/published/fit/write_stacks.ts
 *
 * @module
 */
import { writeTextFile } from "../../../kernels/base/files.ts";
import { tellingRows } from "../../../sim/calibrate/design.ts";
import type { Stack } from "../../../sim/stack/stack.ts";
import { caseGroups } from "../case_groups.ts";
import { loadCases } from "../load_cases.ts";
import { constantRate } from "./baseline.ts";
import { fitFamily, type FittedFamily, rowsByFamily } from "./fit_families.ts";
import {
  drawnRows,
  fittedErrors,
  modelsLeftOut,
  type RowError,
  sourceLeftOut,
} from "./leave_out.ts";
import { type StepRow, stepRows } from "./step_rows.ts";
import { byKey, bySet, summarize } from "./summary.ts";

/** Rows of its own that a left-out source is calibrated on. */
const few = 5;
/** Seeds of random draws of as many rows, beside the telling ones. */
const seeds = [1, 2, 3];

const digits = (value: number) => Number(value.toPrecision(4));

/** A stack with figures of four digits, as its file has them. */
function rounded(stack: Stack): Stack {
  return JSON.parse(JSON.stringify(stack, (_, v) => typeof v === "number" ? digits(v) : v));
}

function withSources(stack: Stack, { family, rows }: FittedFamily): Stack {
  const own = rows.filter((row) => row.stack === stack.id);
  if (family.shared.length === 0) {
    const source = "No number of it is fitted: too few of its steps were published.";
    return rounded({ ...stack, sources: [...stack.sources, source] });
  }
  const source = `Calibrated on ${rows.length} published steps of the family, ${own.length} of ` +
    "this stack; see experiments/published/fit. What no row informs is as in the base stack.";
  return rounded({ ...stack, sources: [source] });
}

/** The rows that stacks are fitted on: training steps of quality A and B. */
export async function fitRows(): Promise<StepRow[]> {
  return stepRows((await loadCases()).filter((row) => row.quality !== "C")).rows;
}

async function main(): Promise<void> {
  const rows = await fitRows();
  const fits = rowsByFamily(rows).map(([family, own]) => fitFamily(family, own));
  const stacks = fits.flatMap((fit) =>
    Object.values(fit.calibration.stacks).map((stack) => withSources(stack, fit))
  );
  await writeTextFile("sim/stack/fitted.json", JSON.stringify(stacks, null, 2) + "\n");

  const apart = (choose: Parameters<typeof sourceLeftOut>[1]) =>
    fits.map((fit) => sourceLeftOut(fit, choose));
  const telling = apart((own, layout) => tellingRows(own, layout, { few }));
  const drawn = seeds.map((seed) => apart((own) => drawnRows(own, few, { seed })));
  const errors: Record<string, RowError[]> = {
    fitted: fits.flatMap(fittedErrors),
    modelLeftOut: fits.flatMap(modelsLeftOut),
    sourceLeftOut: telling.flatMap(({ unseen }) => unseen),
    fewRows: telling.flatMap(({ calibrated }) => calibrated),
    fewRowsDrawn: drawn.flatMap((one) => one.flatMap(({ calibrated }) => calibrated)),
    constantRate: constantRate(rows, (row) => caseGroups(row.row).source),
  };
  const sourceOf = ({ row }: RowError) => caseGroups(row.row).source;
  const report = Object.fromEntries(
    Object.entries(errors).map(([name, list]) => [name, {
      sets: bySet(list),
      sources: byKey(list, sourceOf),
      all: summarize(list),
    }]),
  );
  const rowsOut = Object.fromEntries(
    errors.modelLeftOut.map(({ row, logError }) => [row.id, digits(logError)]),
  );
  const text = JSON.stringify(
    { few, report, modelLeftOut: rowsOut },
    (_, v) => typeof v === "number" ? digits(v) : v,
    1,
  );
  await writeTextFile("experiments/published/fit/errors.json", text + "\n");
}

if (import.meta.main) await main();
