/**
 * Tables of what is no step: memory and runs that ended for want of it, exchanges, kernels, and rows
 * that nothing here can say anything of.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/estimate.ts";
import type { Row } from "../../../reports/result.ts";
import type { CommRow } from "../../published/comm/comm_row.ts";
import { commErrors, commValues } from "../../published/comm/fit_site.ts";
import { predictComm } from "../../published/comm/predict_comm.ts";
import { sites } from "../../published/comm/sites.ts";
import { kernelRows } from "../../published/devices/kernel_rows.ts";
import {
  type FitErrors,
  memoryErrors,
  type PeakErrors,
} from "../../published/memory/memory_errors.ts";
import type { PublishedCase } from "../../published/mod.ts";
import { kernelRowSeconds } from "../cases/kernel_figures.ts";
import { errorRanges, errorRows } from "./error_rows.ts";
import type { FilledTable } from "./step_tables.ts";

const derived = (value: number) => exactly(value, "derived from published and predicted values");

function fitRow(table: string, said: FitErrors): Row {
  return {
    id: `${table}-${said.group}`,
    table,
    labels: { runs: said.group, n: said.n },
    kind: "derived",
    metrics: {
      rightFraction: derived(said.right),
      fitAndSaidSoCount: derived(said.bothFit),
      endedAndSaidSoCount: derived(said.bothEnd),
      endedButSaidToFitCount: derived(said.falseFit),
      fitButSaidToEndCount: derived(said.falseEnd),
    },
    warnings: [],
  };
}

function peakRow({ group, n, median, p90, bias, worst }: PeakErrors): Row {
  return {
    id: `peaks-${group}`,
    table: "peaks",
    labels: { stack: group, figures: n },
    kind: "derived",
    metrics: {
      medianErrorFraction: derived(median),
      nineInTenErrorFraction: derived(p90),
      biasFraction: derived(bias),
      lowestErrorFraction: derived(worst[0]),
      highestErrorFraction: derived(worst[1]),
    },
    warnings: [],
  };
}

/** Allocations, and runs that fitted or ended. */
export function memoryTables(cases: readonly PublishedCase[]): FilledTable[] {
  const { peaks, sweep, others } = memoryErrors(cases);
  return [
    {
      info: {
        id: "memory",
        title: "Runs that ended for want of memory",
        note: "The sweep of arXiv 2311.05610: layouts on cards of 80 GB, more than half of which " +
          "ended. Each row sorts the same runs otherwise.",
      },
      rows: sweep.map((said) => fitRow("memory", said)),
    },
    {
      info: {
        id: "fitted-runs",
        title: "Other runs",
        note:
          "Nearly all of them printed a time, and so fitted; one that is said to end is an error.",
      },
      rows: others.map((said) => fitRow("fitted-runs", said)),
    },
    {
      info: {
        id: "peaks",
        title: "Largest allocation of a rank",
        note: "Predicted / measured - 1, one figure a pipeline stage that was measured.",
      },
      rows: peaks.map(peakRow),
    },
  ];
}

/** Kinds of kernels in words. */
const kernelWords: Readonly<Record<string, string>> = {
  product: "products",
  grouped: "grouped products",
  forward: "attention forward",
  backward: "attention backward",
};

/** Kernels by device and kind. */
export function kernelTable(cases: readonly PublishedCase[]): FilledTable {
  const errors = kernelRows(cases).map((kernel) => ({
    group: [
      kernel.gpu,
      "m" in kernel.work ? kernel.precision : "",
      kernelWords[kernel.work.kind] ??
        kernel.work.kind,
    ].filter((word) => word !== "").join(" "),
    logError: Math.log(kernelRowSeconds(kernel) / kernel.seconds),
  }));
  return {
    info: {
      id: "kernels",
      title: "Kernels by device",
      note:
        "Seconds predicted / measured - 1 of published kernel times, most of which the device " +
        "profiles were fitted to; the profiles name the errors on shapes left out of their fits.",
      ranges: errorRanges,
    },
    rows: errorRows("kernels", errors, { label: "kernels" }),
  };
}

const communication = (cases: readonly PublishedCase[]) =>
  cases.filter(({ category }) => category === "comm") as unknown as CommRow[];

/** Exchanges by machine. */
export function commTable(cases: readonly PublishedCase[]): FilledTable {
  const errors = sites.flatMap((site) => {
    const values = commValues(communication(cases).filter(site.holds));
    return commErrors(values).map((logError) => ({ group: site.start.id, logError }));
  });
  return {
    info: {
      id: "exchanges",
      title: "Exchanges by machine",
      note: "Predicted / published - 1 of times, or of bandwidths where no time is printed. The " +
        "files in sim/network/fabrics say what was fitted to which of them.",
      ranges: errorRanges,
    },
    rows: errorRows("exchanges", errors, { label: "machine" }),
  };
}

const giga = 1e9;

/** Kernels that route tokens, bandwidth by bandwidth. */
export function dispatchTable(cases: readonly PublishedCase[]): FilledTable {
  const routed = communication(cases).filter(({ source }) => /DeepEP/.test(source.ref));
  const rows = routed.flatMap((row) => {
    const said = predictComm(row);
    if ("unsupported" in said) return [];
    return Object.entries(said as Record<string, number>).flatMap(([key, value]): Row[] => {
      const published = row.result[key];
      if (!key.endsWith("_GBps") || typeof published !== "number") return [];
      return [{
        id: `dispatch-${row.id}-${key}`,
        table: "dispatch",
        labels: { row: row.id, figure: key.replace(/_GBps$/, ""), ranks: row.hardware.n_gpus },
        kind: "derived",
        metrics: {
          predictedBytesPerSecond: exactly(value * giga, "closed form"),
          publishedBytesPerSecond: exactly(published * giga, "published"),
          errorFraction: derived(value / published - 1),
        },
        warnings: [],
      }];
    });
  });
  return {
    info: {
      id: "dispatch",
      title: "DeepEP and HybridEP",
      note: "Bandwidths as their READMEs print them: bytes of the rows that a rank receives, by " +
        "place, over time.",
    },
    rows,
  };
}

/** Why rows are not predicted. */
export function unsupportedTable(
  unsupported: readonly { id: string; reason: string }[],
): FilledTable {
  const groups = Map.groupBy(unsupported, ({ reason }) => reason);
  return {
    info: {
      id: "unsupported",
      title: "Steps that are not predicted",
      note: "Rows with a time or a rate whose description lacks something or says something that " +
        "no plan can.",
    },
    rows: [...groups].map(([reason, own]): Row => ({
      id: `unsupported-${own[0].id}`,
      table: "unsupported",
      labels: { reason },
      kind: "published",
      metrics: { rowsCount: exactly(own.length, "counted") },
      warnings: [],
    })),
  };
}
