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
import type { BenchContest, BenchResult, BenchRow } from "./bench.ts";
import { type Change, compareContests, compareRows } from "./compare.ts";

/** A number of the row in a second, or nothing where it has none. */
function rate(amount: number | undefined, row: BenchRow, unit: NumberUnit): string {
  return amount ? formatNumber(amount / row.seconds.value, unit) : "";
}

function withUnit(estimate: Estimate | undefined, unit: NumberUnit): string {
  if (!estimate) return "";
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
  { head: "of the roof", cell: ({ roofFraction }) => withUnit(roofFraction, "fraction") },
];

function rowTable(rows: readonly BenchRow[]): string {
  const labels = [...new Set(rows.flatMap((row) => Object.keys(row.labels)))];
  const shown = numbers.filter(({ cell }) => rows.some((row) => cell(row) !== ""));
  const columns: Column[] = [
    ...labels.map((head) => ({ head })),
    ...shown.map(({ head }) => ({ head, align: "right" as const })),
  ];
  return formatTable(
    columns,
    rows.map((row) => [
      ...labels.map((label) => row.labels[label] ?? ""),
      ...shown.map(({ cell }) => cell(row)),
    ]),
  );
}

function contestTable(contests: readonly BenchContest[]): string {
  const columns: Column[] = [
    { head: "contest" },
    { head: "times its speed", align: "right" },
    { head: "interval", align: "right" },
    { head: "rounds", align: "right" },
    { head: "goal" },
    { head: "verdict" },
  ];
  return formatTable(
    columns,
    contests.map(({ says, speed, goal, verdict }) => [
      says,
      speed.value.toPrecision(3),
      `${speed.lo.toPrecision(3)} to ${speed.hi.toPrecision(3)}`,
      speed.n,
      goal,
      verdict === "no goal" ? "" : verdict,
    ]),
  );
}

/** What to mind, a line a warning: whose it is, or how many have the same. */
function warningLines(rows: readonly BenchRow[]): string[] {
  const texts = [...new Set(rows.flatMap(({ warnings }) => warnings))];
  return texts.map((text) => {
    const ids = rows.filter(({ warnings }) => warnings.includes(text)).map(({ id }) => id);
    return ids.length === 1
      ? `${ids[0]}: ${text}`
      : `${ids.length} of ${rows.length} rows: ${text}`;
  });
}

/** Writes a benchmark as tables, its notes, what was left out, and its warnings. */
export function showBench(result: BenchResult): string {
  const { rows, contests, notes, skipped } = result;
  return [
    rowTable(rows),
    ...contests.length > 0 ? ["", contestTable(contests), ""] : [],
    ...notes,
    ...skipped.map(({ what, why }) => `Left out: ${what}: ${why}`),
    ...warningLines(rows),
  ].join("\n");
}

function changeTable(changes: readonly Change[], what: string, ratio: string): string {
  const cells = changes.map(({ id, ratio, verdict }) => [
    id,
    ratio ? ratio.value.toFixed(3) : "",
    ratio ? `${ratio.lo.toFixed(3)} to ${ratio.hi.toFixed(3)}` : "",
    verdict,
  ]);
  return formatTable([
    { head: what },
    { head: ratio, align: "right" },
    { head: "interval", align: "right" },
    { head: "verdict" },
  ], cells);
}

/** Writes a benchmark against an older one: times and, where there are contests, their speeds. */
export function showChanges(now: BenchResult, before: BenchResult): string {
  const rows = compareRows(now.rows, before.rows);
  const contests = compareContests(now.contests, before.contests);
  const count = (verdict: string) =>
    [...rows, ...contests].filter((change) => change.verdict === verdict).length;
  return [
    changeTable(rows, "row", "time now / before"),
    ...contests.length > 0 ? [changeTable(contests, "contest", "speed now / before")] : [],
    `${count("improved")} improved, ${count("regressed")} regressed, ` +
    `${count("no change")} without a change that the intervals support`,
  ].join("\n");
}
