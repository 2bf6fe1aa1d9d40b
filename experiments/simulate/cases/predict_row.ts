/**
 * A prediction for any row of published measurements, in the row's own keys and units.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { CommRow } from "../../published/comm/comm_row.ts";
import { predictComm } from "../../published/comm/predict_comm.ts";
import type { PublishedCase, ResultFigure, UnsupportedCase } from "../../published/mod.ts";
import { kernelFigures } from "./kernel_figures.ts";
import { checkedRow } from "./row_schema.ts";
import { memoryFigures, type StackOf, trainingFigures } from "./training_figures.ts";

/** What is said of a row: figures by key, or why there are none. */
export type RowPrediction =
  | { id: string; predicted: Record<string, ResultFigure> }
  | { id: string; unsupported: string };

/** Figures of exchanges, for rows whose result was taken out. */
const commKeys = [
  "time_us",
  "algbw_GBps",
  "busbw_GBps",
  "dispatch_latency_us",
  "combine_latency_us",
  "dispatch_bw_GBps",
  "combine_bw_GBps",
  "dispatch_bottleneck_bw_GBps",
  "combine_bottleneck_bw_GBps",
  "torch_api_dispatch_fp8_GBps",
  "torch_api_dispatch_bf16_GBps",
  "torch_api_combine_GBps",
  "kernel_dispatch_fp8_GBps",
  "kernel_dispatch_bf16_GBps",
  "kernel_combine_GBps",
];

function commFigures(row: PublishedCase): Record<string, number> | UnsupportedCase {
  const given = Object.keys(row.result).length > 0
    ? row.result
    : Object.fromEntries(commKeys.map((key) => [key, 1]));
  return predictComm({ ...row, result: given } as CommRow);
}

function figuresOf(
  row: PublishedCase,
  stackOf: StackOf,
): Record<string, ResultFigure> | UnsupportedCase {
  switch (row.category) {
    case "train_dense":
    case "train_moe":
    case "finetune":
      return trainingFigures(row, stackOf);
    case "memory":
      return memoryFigures(row);
    case "comm":
      return commFigures(row);
    case "kernel":
      return kernelFigures(row);
    default:
      return { unsupported: `nothing here predicts rows of category "${row.category}"` };
  }
}

/** Digits that a prediction is written with: more than any measurement has. */
const digits = 6;

function rounded(figure: ResultFigure): ResultFigure {
  if (typeof figure === "number") return Number(figure.toPrecision(digits));
  if (typeof figure === "string") return figure;
  return Object.fromEntries(
    Object.entries(figure).map(([key, value]) => [key, Number(value.toPrecision(digits))]),
  );
}

/**
 * The prediction for a row. A row that lacks something, contradicts itself or is of something that
 * nobody here prices is no error: it is unsupported, with the reason.
 *
 * @example
 * ```ts
 * import { loadCases, predictRow } from "@moelab/moelab/experiments";
 * import { baseStack } from "@moelab/moelab/sim";
 * import { assert } from "@std/assert";
 *
 * const [row] = (await loadCases()).filter(({ category }) => category === "inference");
 * assert("unsupported" in predictRow(row, () => baseStack));
 * ```
 */
export function predictRow(row: PublishedCase, stackOf: StackOf): RowPrediction {
  const { id } = row;
  try {
    const figures = figuresOf(checkedRow(row), stackOf);
    if ("unsupported" in figures && typeof figures.unsupported === "string") {
      return { id, unsupported: figures.unsupported };
    }
    const said = Object.entries(figures as Record<string, ResultFigure>)
      .filter(([, figure]) => typeof figure !== "number" || Number.isFinite(figure));
    if (said.length === 0) {
      return { id, unsupported: `no form for ${Object.keys(row.result).join(", ")}` };
    }
    return { id, predicted: Object.fromEntries(said.map(([key, f]) => [key, rounded(f)])) };
  } catch (error) {
    // What a row says may be of no use; anything else is a fault of the program, and surfaces.
    if (!(error instanceof UserError)) throw error;
    return { id, unsupported: error.message };
  }
}

/** Predictions as JSON, a row a line. */
export function formatPredictions(predictions: readonly RowPrediction[]): string {
  return `[\n${predictions.map((p) => JSON.stringify(p)).join(",\n")}\n]\n`;
}
