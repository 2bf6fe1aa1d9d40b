/**
 * A simulated step as tables on the terminal.
 *
 * @module
 */
import {
  formatEstimate,
  formatNumber,
  formatSigned,
  type NumberUnit,
} from "../../reports/format.ts";
import type { StageMemory } from "../../sim/memory/stage_memory.ts";
import { stepPartNames } from "../../sim/explain/words/figures.ts";
import { formatTable } from "../table.ts";
import type { SimulationReport } from "./report.ts";
import type { HiddenSeconds } from "./step.ts";

const right = (head: string) => ({ head, align: "right" as const });

function interval({ step }: SimulationReport): string {
  const { value, interval, unit } = formatEstimate(step, "seconds");
  return `${value} ${unit}${interval ? ` (${interval})` : ""}`;
}

function headline(report: SimulationReport): string {
  const { rates, step, cluster, model, plan, sequence, stack } = report;
  const said = (value: number, unit: NumberUnit) => formatNumber(value, unit);
  const rows: [string, string][] = [
    ["step", interval(report)],
    ["tokens of a step", said(rates.tokens, "count")],
    ["tokens/s of a device", said(rates.tokensPerSecondPerDevice, "count")],
    ["model FLOP/s of a device", said(rates.modelFlopsPerSecondPerDevice, "flopsPerSecond")],
    [
      "MFU",
      `${said(rates.mfuFraction, "fraction")} of ${
        said(rates.peakFlopsPerSecond, "flopsPerSecond")
      }`,
    ],
    ...(rates.energyJoules === undefined
      ? []
      : [["energy at most", `${said(rates.energyJoules / 3.6e6, "plain")} kWh`] as [
        string,
        string,
      ]]),
    ...(rates.dollars === undefined
      ? []
      : [["cost", `${said(rates.dollars, "plain")} dollars`] as [string, string]]),
  ];
  return [
    `${model} on ${cluster.devices} x ${cluster.id}, ${sequence} tokens a sequence, ${stack}`,
    plan,
    "",
    formatTable([{ head: "figure" }, { head: "value" }], rows),
    `Interval: ${step.method}`,
    "Model FLOP: three products for each active matrix and the causal half of the scores, nothing " +
    "twice",
  ].join("\n");
}

function partsTable({ parts, slowest, closedSeconds }: SimulationReport): string {
  const rows = parts.map(({ part, seconds, shareFraction, grade }) => [
    stepPartNames[part],
    formatNumber(seconds, "seconds"),
    formatNumber(shareFraction, "fraction", 3),
    grade,
  ]);
  const head = `closed form, stage ${slowest.stage} (the slowest)`;
  return formatTable(
    [{ head }, right("seconds"), right("share"), { head: "known by" }],
    [...rows, ["all", formatNumber(closedSeconds, "seconds"), formatNumber(1, "fraction"), ""]],
  );
}

/** Hidden exchanges in words. */
const hiddenNames: Readonly<Record<keyof HiddenSeconds, string>> = {
  tokenSeconds: "tokens to experts and back",
  tensorSeconds: "tensor-parallel exchanges",
  contextSeconds: "context exchanges",
  shardSeconds: "sharded parameters",
  dataSeconds: "gradients and parameters",
};

function hiddenTable({ hidden }: SimulationReport): string[] {
  const rows = (Object.keys(hiddenNames) as (keyof HiddenSeconds)[])
    .filter((part) => hidden[part] > 0)
    .map((part) => [hiddenNames[part], formatNumber(hidden[part], "seconds")]);
  return rows.length > 0
    ? [formatTable([{ head: "beside kernels, in no part above" }, right("seconds")], rows)]
    : [];
}

/** Names that the critical path is shown by, the longest. */
const namesShown = 12;

function eventTables({ events }: SimulationReport): string[] {
  if (!events) return [];
  const { breakdown, criticalPath, stepSeconds, simulatedRanks } = events;
  const line = (name: string, seconds: number) => [
    name,
    formatNumber(seconds, "seconds"),
    formatNumber(seconds / stepSeconds, "fraction", 3),
  ];
  const columns = (head: string) => [{ head }, right("seconds"), right("share")];
  const byLength = (record: Record<string, number>) =>
    Object.entries(record).filter(([, seconds]) => seconds > 0).sort(([, a], [, b]) => b - a);
  const path = byLength(criticalPath.secondsByName);
  const rest = path.slice(namesShown).reduce((sum, [, seconds]) => sum + seconds, 0);
  return [
    formatTable(columns(`events, mean of all ranks (${simulatedRanks} simulated)`), [
      ...byLength(breakdown).map(([kind, seconds]) => line(kind, seconds)),
      line("all", stepSeconds),
    ]),
    formatTable(columns("critical path"), [
      ...path.slice(0, namesShown).map(([name, seconds]) => line(name, seconds)),
      ...(rest > 0 ? [line(`${path.length - namesShown} more`, rest)] : []),
    ]),
  ];
}

/** Stages next to each other with the same memory are shown in one line. */
function runsOf(stages: readonly StageMemory[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  stages.forEach((stage, i) => {
    const last = runs[runs.length - 1];
    const same = last && JSON.stringify(stages[last.from]) === JSON.stringify(stage);
    if (same) last.to = i;
    else runs.push({ from: i, to: i });
  });
  return runs;
}

function memoryTable({ memory }: SimulationReport): string {
  const bytes = (value: number) => formatNumber(value, "bytes", 3);
  const rows = runsOf(memory.stages).map(({ from, to }) => {
    const stage = memory.stages[from];
    const full = memory.fullestStage >= from && memory.fullestStage <= to;
    return [
      `${from === to ? from : `${from} to ${to}`}${full ? " *" : ""}`,
      bytes(stage.weightBytes),
      bytes(stage.gradientBytes),
      bytes(stage.optimizerBytes),
      bytes(stage.activationBytes + stage.logitBytes),
      bytes(stage.workingBytes + stage.communicationBytes + stage.libraryBytes),
      bytes(stage.reservedBytes),
      bytes(stage.peakBytes),
      stage.moment,
    ];
  });
  const room = memory.deviceBytes - memory.peakBytes;
  const verdict = memory.fits
    ? `fits: ${bytes(room)} of ${bytes(memory.deviceBytes)} are left on the fullest stage (*)`
    : `does not fit: ${bytes(-room)} beyond the ${bytes(memory.deviceBytes)} of a device (*)`;
  return [
    formatTable([
      { head: "stage" },
      right("weights"),
      right("gradients"),
      right("optimiser"),
      right("activations"),
      right("working"),
      right("reserved"),
      right("peak"),
      { head: "at" },
    ], rows),
    `It ${verdict}`,
  ].join("\n");
}

function sensitivityTable({ sensitivities }: SimulationReport): string {
  return formatTable(
    [{ head: "what if" }, right("step"), right("change")],
    sensitivities.map(({ input, stepSeconds, change }) => [
      input,
      formatNumber(stepSeconds, "seconds"),
      formatSigned(change),
    ]),
  );
}

function gradesTable({ grades }: SimulationReport): string {
  return formatTable([{ head: "input" }, { head: "known by" }], Object.entries(grades));
}

/** Everything that there is to say of a simulated step. */
export function showReport(report: SimulationReport): string {
  return [
    headline(report),
    ...eventTables(report),
    partsTable(report),
    ...hiddenTable(report),
    memoryTable(report),
    sensitivityTable(report),
    gradesTable(report),
    ...report.warnings.map((warning) => `Mind: ${warning}`),
  ].join("\n\n");
}
