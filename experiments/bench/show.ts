/**
 * Benchmarks as tables on the terminal.
 *
 * @module
 */
import type { NumberUnit } from "../../reports/format.ts";
import { formatEstimate, formatNumber } from "../../reports/format.ts";
import type { Estimate } from "../../kernels/base/estimate.ts";
import type { Column } from "../table.ts";
import { formatTable } from "../table.ts";
import type { BenchResult, BenchRow } from "./bench.ts";
import { compareRows } from "./compare.ts";

/** A number of the row in a second, or nothing where it has none. */
function rate(amount: number | undefined, row: BenchRow, unit: NumberUnit): string {
  return amount === undefined ? "" : formatNumber(amount / row.seconds.value, unit);
}

function withUnit(estimate: Estimate, unit: NumberUnit): string {
  const { value, interval, unit: symbol } = formatEstimate(estimate, unit);
  return [value, interval, symbol].filter((part) => part !== "").join(" ");
}

/** Things a second: "5.591 M events/s". */
function itemRate(perSecond: number, name: string): string {
  return formatNumber(perSecond, "perSecond")
    .replace(/(\w*)\/s$/, (_, prefix) => `${prefix ? `${prefix} ` : ""}${name}/s`);
}

/** Columns of numbers, shown where a row has any. */
const numbers: readonly { head: string; cell: (row: BenchRow) => string }[] = [
  { head: "time", cell: (row) => withUnit(row.seconds, "seconds") },
  { head: "speed", cell: (row) => rate(row.flops, row, "flopsPerSecond") },
  { head: "bandwidth", cell: (row) => rate(row.bytes, row, "bytesPerSecond") },
  {
    head: "rate",
    cell: ({ items, seconds }) => items ? itemRate(items.count / seconds.value, items.name) : "",
  },
];

/** Writes a benchmark as a table, its notes and its warnings. */
export function showBench(result: BenchResult): string {
  const labels = [...new Set(result.rows.flatMap((row) => Object.keys(row.labels)))];
  const shown = numbers.filter(({ cell }) => result.rows.some((row) => cell(row) !== ""));
  const columns: Column[] = [
    ...labels.map((head) => ({ head })),
    ...shown.map(({ head }) => ({ head, align: "right" as const })),
  ];
  const cells = result.rows.map((row) => [
    ...labels.map((label) => row.labels[label] ?? ""),
    ...shown.map(({ cell }) => cell(row)),
  ]);
  const warnings = result.rows.flatMap((row) => row.warnings.map((w) => `${row.id}: ${w}`));
  return [formatTable(columns, cells), ...result.notes, ...warnings].join("\n");
}

/** Writes a benchmark against an older one: time now over time before. */
export function showChanges(now: BenchResult, before: BenchResult): string {
  const changes = compareRows(now.rows, before.rows);
  const cells = changes.map(({ id, ratio, verdict }) => [
    id,
    ratio ? ratio.value.toFixed(3) : "",
    ratio ? `${ratio.lo.toFixed(3)} to ${ratio.hi.toFixed(3)}` : "",
    verdict,
  ]);
  const count = (verdict: string) => changes.filter((change) => change.verdict === verdict).length;
  return [
    formatTable([
      { head: "row" },
      { head: "now / before", align: "right" },
      { head: "interval", align: "right" },
      { head: "verdict" },
    ], cells),
    `${count("improved")} improved, ${count("regressed")} regressed, ` +
    `${count("no change")} without a change that the intervals support`,
  ].join("\n");
}
