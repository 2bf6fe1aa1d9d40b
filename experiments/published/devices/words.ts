/**
 * The fits in words, for the profiles' sources and for people.
 *
 * @module
 */
import type { Errors } from "./fit_rows.ts";
import type { FittedLaw } from "./fit_laws.ts";

/** Where the kernel rows are from. */
export const rowSources =
  "Laws: fitted to published kernel times on the logarithm of the error with a soft L1 loss: " +
  "MooreThreads/SimuMax commit 4dcaae5, configs/system (A100-PCIe, B200), microsoft/vidur commit " +
  "7d47513, data/profiling/compute (A100, H100), deepseek-ai/DeepGEMM commits a6d97a1 and 55ab91f, " +
  "README.md (H800, FP8), and deepseek-ai/profile-data, train.json (H800). Errors are the median " +
  "and the 90th percentile.";

const percent = (x: number) => `${(100 * x).toFixed(1)} %`;

const both = ({ median, p90 }: Errors) => `${percent(median)} and ${percent(p90)}`;

/** A fit in a sentence. */
export function summaryOf(fit: FittedLaw): string {
  const { name, rows, families, within, leftOut, constant } = fit;
  const left = `, ${both(leftOut)} on left-out ones of ${families} families of shapes`;
  if (rows === 1) return `${name}: 1 row.`;
  return `${name}: ${rows} rows, errors ${both(within)}${left}; ` +
    `one efficiency for all of them: ${both(constant)}.`;
}

/** The fits as a table of text: errors in percent as median / 90th percentile. */
export function fitTable(fits: readonly FittedLaw[]): string {
  const cell = ({ median, p90 }: Errors) =>
    Number.isNaN(median) ? "-" : `${(100 * median).toFixed(1)} / ${(100 * p90).toFixed(1)}`;
  const rows = fits.map((fit) => [
    fit.name,
    String(fit.rows),
    cell(fit.within),
    cell(fit.leftOut),
    cell(fit.constant),
    fit.values.map((v) => v.toPrecision(3)).join(" "),
  ]);
  const head = ["law", "rows", "fitted", "left out", "one efficiency", "parameters"];
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((row) => row[i].length)));
  return [head, ...rows]
    .map((row) => row.map((text, i) => text.padEnd(widths[i])).join("  ").trimEnd())
    .join("\n");
}
