/**
 * A prediction in the words of a row: the same keys, units and conventions as what was printed.
 *
 * @module
 */
import type { Sizes } from "../../sim/cost/sizes.ts";
import type { PublishedCase } from "./case.ts";
import { caseFlopsPerToken } from "./case_flops.ts";
import { caseSizes } from "./case_sizes.ts";
import { deviceOf, recomputeOf } from "./case_words.ts";
import { modelFlopsPerToken } from "./flop_conventions.ts";

/** What the simulator says of a row. */
export interface CasePrediction {
  /** Seconds of a step. */
  stepSeconds?: number;
  /** Largest allocation by pipeline stage, bytes. */
  peakAllocatedBytes?: readonly number[];
  /** Largest reservation of any rank, bytes. */
  peakReservedBytes?: number;
  /** Whether it fits. */
  outcome?: "fits" | "oom";
}

/** A figure of a result: a number, a label, or numbers by rank. */
export type ResultFigure = number | string | Record<string, number>;

const gibi = 2 ** 30;
const mebi = 2 ** 20;

/** FLOP/s that publishers divide by: dense products in 16 bits. */
const peakFlops: Readonly<Record<string, number>> = {
  a100: 312e12,
  "a100-40gb": 312e12,
  h100: 989.4e12,
  h200: 989.4e12,
  h800: 989.4e12,
  v100: 125e12,
  b200: 2250e12,
  b300: 2250e12,
  gb200: 2450e12,
  gb300: 2450e12,
};

/** Peak of a row: twice that of 16 bits where llm-foundry ran in FP8. */
function peakOf(row: PublishedCase): number | undefined {
  const peak = peakFlops[deviceOf(row.hardware.gpu) ?? ""];
  return peak && peak * (row.workload.precision === "amp_fp8" ? 2 : 1);
}

/** Figures that follow from the time of a step. */
function timeFigures(
  row: PublishedCase,
  options: { seconds: number; sizes: Sizes },
): Record<string, number> {
  const { seconds, sizes } = options;
  const { gbs, seq_len } = row.workload;
  const devices = row.hardware.n_gpus!;
  const all = gbs! * seq_len! / seconds;
  const each = all / devices;
  const flops = caseFlopsPerToken(row, sizes) * each;
  const rate = flops / 1e12;
  const peak = peakOf(row);
  const count = (convention: "six-n-scores" | "full") =>
    modelFlopsPerToken(sizes, seq_len!, { convention }) * each / 1e12;
  // Hardware utilisation counts the second forward pass: four passes over three.
  const passes = recomputeOf(row.workload.recompute) === "full" ? 4 / 3 : 1;
  return {
    step_time_s: seconds,
    step_time_ms: 1000 * seconds,
    derived_step_time_s: seconds,
    derived_step_time_s_fullattn: seconds,
    tokens_per_s: all,
    tokens_per_s_per_gpu: each,
    derived_tokens_per_s_per_gpu: each,
    derived_tokens_per_s_per_gpu_fullattn: each,
    model_tflops_per_gpu: rate,
    tflops_per_gpu: rate,
    hw_tflops_per_gpu: rate,
    tflops_per_gpu_with_cp: rate,
    tflops_megatron_def: count("six-n-scores"),
    tflops_aleph_def: count("full"),
    ...(peak && {
      mfu: flops / peak,
      mfu_pct: 100 * flops / peak,
      hfu_pct: 100 * passes * flops / peak,
      pct_peak: 100 * flops / peak,
    }),
    days_for_300B_tokens: 300e9 / all / 86400,
    days_per_trillion_tokens: 1e12 / all / 86400,
    gpu_hours_per_trillion_tokens: 1e12 / each / 3600,
    ...(typeof row.result?.pretrain_tokens === "number" && {
      pretrain_gpu_hours: row.result.pretrain_tokens / each / 3600,
    }),
  };
}

/** Figures that follow from memory; ranks lie stage by stage, outermost. */
function memoryFigures(row: PublishedCase, p: CasePrediction): Record<string, ResultFigure> {
  const stages = p.peakAllocatedBytes;
  if (stages === undefined || stages.length === 0) return {};
  const peak = Math.max(...stages);
  const reserved = p.peakReservedBytes ?? peak;
  const ranks = row.hardware.n_gpus!;
  const byRank = Array.from({ length: ranks }, (_, rank) => {
    const stage = Math.floor(rank * stages.length / ranks);
    return [`${rank}`, stages[stage] / mebi] as const;
  });
  return {
    peak_allocated_GiB_max_rank: peak / gibi,
    peak_reserved_GiB: reserved / gibi,
    peak_allocated_MB_by_rank: Object.fromEntries(byRank),
    // torchtitan prints what its allocator reserved, in GiB under either heading.
    peak_memory_GB: reserved / gibi,
    memory_GiB: reserved / gibi,
  };
}

/** How sources write that memory ran out. */
function outcomeLabel(row: PublishedCase, outcome: "fits" | "oom"): string {
  if (outcome === "fits") return "fits";
  const printed = row.result?.outcome;
  if (typeof printed === "string") return printed;
  return /2311\.05610/.test(row.source.ref) ? "OOM Error" : "OOM";
}

/**
 * A prediction under the keys of a row's result, those that can be said; under all of them where
 * the row has no result.
 *
 * @example
 * ```ts
 * import { loadCases, resultKeys } from "@moelab/moelab/experiments";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const row = (await loadCases()).find((r) => r.id === "modelzoo-qwen3-235b-h100-0")!;
 * const said = resultKeys(row, { stepSeconds: 19.7 });
 * assertAlmostEquals(said.model_tflops_per_gpu as number, row.result.model_tflops_per_gpu as number, 2);
 * ```
 */
export function resultKeys(
  row: PublishedCase,
  prediction: CasePrediction,
): Record<string, ResultFigure> {
  const { stepSeconds: seconds, outcome } = prediction;
  const sizes = caseSizes(row);
  const timed = seconds !== undefined && typeof sizes !== "string" && row.workload.gbs &&
    row.hardware.n_gpus;
  const all: Record<string, ResultFigure> = {
    ...(timed && timeFigures(row, { seconds, sizes })),
    ...memoryFigures(row, prediction),
    ...(outcome && { outcome: outcomeLabel(row, outcome) }),
  };
  const wanted = Object.keys(row.result ?? {});
  if (wanted.length === 0) return all;
  return Object.fromEntries(Object.entries(all).filter(([key]) => wanted.includes(key)));
}
