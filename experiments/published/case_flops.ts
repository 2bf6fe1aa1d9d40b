/**
 * The model FLOP that a row's own figures count.
 *
 * @module
 */
import type { Sizes } from "../../sim/cost/sizes.ts";
import type { PublishedCase } from "./case.ts";
import { type FlopConvention, modelFlopsPerToken } from "./flop_conventions.ts";
import { sourceRules } from "./source_rules.ts";

/** The convention of a row's model FLOP/s. */
export function flopConventionOf(row: PublishedCase): FlopConvention {
  const rules = sourceRules(row);
  if (/lora/i.test(row.workload.task ?? "")) return "frozen";
  if (rules.id === "nemo" && row.workload.task === "SFT") return "matrices";
  return rules.flops;
}

/**
 * Sizes as the publisher's formula took them. Megatron-Bridge's formula for GPT-OSS, until it was
 * mended with the MXFP8 rows, gave an expert two matrices and every layer all keys.
 */
function countedSizes(row: PublishedCase, sizes: Sizes): Sizes {
  const low = /GPT-OSS/i.test(sizes.name) && /bf16/i.test(row.workload.precision ?? "");
  if (!low) return sizes;
  const { window: _window, ...attention } = sizes.attention;
  return { ...sizes, attention, ffnMatrices: 2 };
}

/** Model FLOP of a token as the row's publisher counts them. */
export function caseFlopsPerToken(row: PublishedCase, sizes: Sizes): number {
  return modelFlopsPerToken(countedSizes(row, sizes), row.workload.seq_len!, {
    convention: flopConventionOf(row),
  });
}
