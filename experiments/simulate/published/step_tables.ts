/**
 * Tables of published steps: errors by set, source, model, device and plan; the rows that are
 * farthest off; another simulator on the same rows.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../../reports/result.ts";
import type { ErrorSummary } from "../../published/fit/summary.ts";
import { quantile } from "../../quantile.ts";
import type { ErrorKind, FitErrors } from "../left_out.ts";
import { type ComparedStep, planKind, stepLabel } from "./compared_steps.ts";
import { errorRanges, errorRows } from "./error_rows.ts";

/** A table with its rows. */
export interface FilledTable {
  /** The table. */
  info: TableInfo;
  /** Its rows. */
  rows: Row[];
}

const derived = (value: number) => exactly(value, "derived from published and predicted values");

/** Kinds of errors in the order of the columns, with their metrics' names. */
const columns: readonly (readonly [ErrorKind, string])[] = [
  ["fitted", "fitted"],
  ["modelLeftOut", "modelLeftOut"],
  ["sourceLeftOut", "sourceLeftOut"],
  ["fewRows", "fewRows"],
  ["constantRate", "constantRate"],
];

function setMetrics(of: (kind: ErrorKind) => ErrorSummary | undefined): Row["metrics"] {
  const entries = columns.flatMap(([kind, name]) => {
    const summary = of(kind);
    if (!summary || summary.rows === 0) return [];
    return [
      [`${name}MedianFraction`, derived(summary.median)],
      [`${name}NineInTenFraction`, derived(summary.p90)],
    ] as const;
  });
  return Object.fromEntries(entries);
}

/** Errors of the fit by set and source, seen and unseen, beside the rival of one rate for all. */
export function setTable({ few, report }: FitErrors): FilledTable {
  const table = "sets";
  const row = (name: string, of: (kind: ErrorKind) => ErrorSummary | undefined): Row => ({
    id: `${table}-${name}`,
    table,
    labels: { rows: name, n: of("fitted")?.rows ?? 0 },
    kind: "derived",
    metrics: setMetrics(of),
    warnings: [],
  });
  const sets = Object.keys(report.fitted.sets) as (keyof typeof report.fitted.sets)[];
  return {
    info: {
      id: table,
      title: "Errors of steps that the fit saw, and of steps that it did not",
      note:
        "Median and nine-in-ten bound of |predicted / measured - 1|. Fitted: all rows seen. Model " +
        "left out: all rows of the row's model unseen. Source left out: no row of the source seen, " +
        `then calibrated on ${few} of its own. Constant rate: the rival that gives every row of a ` +
        "source, device and number format the same model FLOP/s, and sees all rows.",
    },
    rows: [
      row("all", (kind) => report[kind].all),
      ...sets.map((set) => row(set, (kind) => report[kind].sets[set])),
      ...Object.keys(report.fitted.sources).map((source) =>
        row(`source: ${source}`, (kind) => report[kind].sources[source])
      ),
    ],
  };
}

const groupings: readonly (readonly [string, string, (step: ComparedStep) => string])[] = [
  ["source", "Signed errors by source", ({ groups }) => groups.source],
  ["model", "Signed errors by model", ({ groups }) => groups.family],
  ["device", "Signed errors by device", ({ groups }) => groups.device],
  ["plan", "Signed errors by what a plan splits", planKind],
];

/** Groups that a table shows: those with most rows. */
const mostGroups = 30;

/** Signed errors by source, model, device and plan. */
export function biasTables(steps: readonly ComparedStep[]): FilledTable[] {
  return groupings.map(([label, title, groupOf]) => {
    const errors = steps.map((step) => ({ ...step, group: groupOf(step) }));
    const rows = errorRows(`by-${label}`, errors, { label });
    const shown = rows.slice(0, mostGroups);
    return {
      info: {
        id: `by-${label}`,
        title,
        note:
          "Predicted / measured - 1 with all rows seen by the fit: eight in ten rows lie on the " +
          "line, the mark is the median." +
          (rows.length > shown.length ? ` The ${shown.length} groups with most rows.` : ""),
        ranges: errorRanges,
      },
      rows: shown,
    };
  });
}

/** What may be behind a row that is far off, from what is known of the row. */
export function doubtsOf({ step: { row, described } }: ComparedStep): string[] {
  const { plan, flags } = described;
  return [
    flags.recipe === "unknown" && /bridge/.test(described.stack)
      ? "its settings beside the table are unknown"
      : "",
    row.quality === "B" ? "part of its plan is not printed" : "",
    plan.capacityFactor !== undefined ? "it drops tokens, by a capacity that is not printed" : "",
    plan.microBatch === 1 && described.sizes.moe && plan.ep > 8
      ? "small experts: the host decides"
      : "",
    row.notes ?? "",
  ].filter((text) => text !== "");
}

/** Rows that the table of the worst shows. */
const worstRows = 25;

/** The rows that are farthest off. */
export function worstTable(steps: readonly ComparedStep[]): FilledTable {
  const worst = [...steps].sort((a, b) => Math.abs(b.logError) - Math.abs(a.logError))
    .slice(0, worstRows);
  return {
    info: {
      id: "worst",
      title: `The ${worst.length} steps farthest off`,
      note:
        "With all rows seen by the fit. Notes say what is known of a row that may be behind it.",
    },
    rows: worst.map((step): Row => ({
      id: `worst-${step.step.id}`,
      table: "worst",
      labels: { step: stepLabel(step) },
      kind: "derived",
      metrics: {
        predictedSeconds: exactly(step.predictedSeconds, "closed form"),
        publishedSeconds: exactly(step.step.seconds, "published"),
        errorFraction: derived(Math.expm1(step.logError)),
        ...(step.leftOut !== undefined &&
          { leftOutErrorFraction: derived(Math.expm1(step.leftOut)) }),
      },
      warnings: doubtsOf(step),
    })),
  };
}

/** Another simulator's predictions of the same rows, where they were published. */
export function peerTable(steps: readonly ComparedStep[]): FilledTable {
  const peers = steps.flatMap(({ step: { row, seconds }, logError, leftOut }) => {
    const said = row.peer?.simumax_ms;
    if (said === undefined || leftOut === undefined) return [];
    return [{ peer: Math.log(said / 1e3 / seconds), fitted: logError, leftOut }];
  });
  const row = (name: string, logs: readonly number[]): Row => {
    const signed = logs.map(Math.expm1);
    const absolute = signed.map(Math.abs);
    return {
      id: `peer-${name}`,
      table: "peer",
      labels: { simulator: name },
      kind: "derived",
      metrics: {
        rowsCount: derived(logs.length),
        meanErrorFraction: derived(absolute.reduce((a, b) => a + b, 0) / absolute.length),
        medianErrorFraction: derived(quantile(absolute, 0.5)),
        nineInTenErrorFraction: derived(quantile(absolute, 0.9)),
        biasFraction: derived(quantile(signed, 0.5)),
      },
      warnings: [],
    };
  };
  return {
    info: {
      id: "peer",
      title: "Beside SimuMax on its own measurements",
      note:
        "Rows of 8 x B200 that SimuMax's authors measured and predicted. Ours is given as fitted " +
        "and with the row's model left out of the fit; whether theirs had seen the rows is unknown.",
    },
    rows: peers.length === 0 ? [] : [
      row("SimuMax", peers.map(({ peer }) => peer)),
      row("this, model left out", peers.map(({ leftOut }) => leftOut)),
      row("this, fitted", peers.map(({ fitted }) => fitted)),
    ],
  };
}
