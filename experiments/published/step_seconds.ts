/**
 * How long a step of a row took, from whatever the row prints.
 *
 * @module
 */
import type { PublishedCase } from "./case.ts";
import { caseFlopsPerToken } from "./case_flops.ts";
import { caseSizes } from "./case_sizes.ts";

/** A measured step and how the row gives it. */
export interface MeasuredStep {
  /** Seconds of a step. */
  seconds: number;
  /** Printed as a time, from a rate of tokens, or from a rate of FLOP and its convention. */
  from: "time" | "tokens" | "flops";
}

/** The number behind a key, if it is one. */
function figure(row: PublishedCase, key: string): number | undefined {
  const value = row.result[key];
  return typeof value === "number" && value > 0 ? value : undefined;
}

/** Keys of model TFLOP/s of a device, best first. */
const rates = [
  "model_tflops_per_gpu",
  "tflops_per_gpu",
  "hw_tflops_per_gpu",
  "tflops_per_gpu_with_cp",
] as const;

/** Tokens of a step. */
function stepTokens(row: PublishedCase): number | undefined {
  const { gbs, seq_len } = row.workload;
  return gbs === undefined || seq_len === undefined ? undefined : gbs * seq_len;
}

/** The measured time of a step with how it is known, or nothing where the row has none. */
export function measuredStep(row: PublishedCase): MeasuredStep | undefined {
  const seconds = figure(row, "step_time_s") ?? (figure(row, "step_time_ms") ?? 0) / 1000;
  if (seconds > 0) return { seconds, from: "time" };
  const tokens = stepTokens(row);
  const devices = row.hardware.n_gpus;
  if (tokens === undefined || !devices) return undefined;
  const perDevice = figure(row, "tokens_per_s_per_gpu") ??
    figure(row, "derived_tokens_per_s_per_gpu");
  const all = figure(row, "tokens_per_s") ?? (perDevice ?? 0) * devices;
  if (all > 0) return { seconds: tokens / all, from: "tokens" };
  const rate = rates.map((key) => figure(row, key)).find((r) => r !== undefined);
  const sizes = rate === undefined ? "no rate" : caseSizes(row);
  if (rate === undefined || typeof sizes === "string") return undefined;
  const flops = caseFlopsPerToken(row, sizes) * tokens;
  return { seconds: flops / (rate * 1e12 * devices), from: "flops" };
}

/**
 * The measured seconds of a step, or nothing where the row has none.
 *
 * @example
 * ```ts
 * import { loadCases, stepSeconds } from "@moelab/moelab/experiments";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const row = (await loadCases()).find((r) => r.id === "mb-26.04-kimi_k2-gb300-mxfp8-164")!;
 * assertAlmostEquals(stepSeconds(row)!, 12.29, 0.01);
 * ```
 */
export function stepSeconds(row: PublishedCase): number | undefined {
  return measuredStep(row)?.seconds;
}
