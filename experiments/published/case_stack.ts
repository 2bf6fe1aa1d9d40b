/**
 * Which software stack ran a row.
 *
 * @module
 */
import type { PublishedCase } from "./case.ts";
import { sourceRules } from "./source_rules.ts";

/** Aleph Alpha's kernels, most particular first. */
const alephKernels: readonly (readonly [RegExp, string])[] = [
  [/flash_attention2.*RMS/, "flash2-rms"],
  [/flash_attention2/, "flash2"],
  [/flash_attention/, "flash1"],
  [/fused/, "fused"],
  [/torch/, "torch"],
];

/** The release of Megatron-Bridge or NeMo that a row is of, such as "26.04.01". */
export function releaseOf(row: PublishedCase): string | undefined {
  return /^(\d\d\.\d\d(?:\.\d\d)?) NeMo/.exec(row.source.section ?? "")?.[1] ??
    /^(?:mb|nemo)-(\d\d\.\d\d(?:\.\d\d)?)/.exec(row.id)?.[1];
}

/**
 * The id of the software stack of a row.
 *
 * @example
 * ```ts
 * import { loadCases, stackOf } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const row = (await loadCases()).find((r) => r.id === "mb-26.04-kimi_k2-gb300-mxfp8-164")!;
 * assertEquals(stackOf(row), "megatron-bridge-26.04");
 * ```
 */
export function stackOf(row: PublishedCase): string {
  const rules = sourceRules(row);
  switch (rules.id) {
    case "megatron-bridge":
      return `${rules.stack}-${releaseOf(row) ?? "26.06"}`;
    case "aleph": {
      const kernel = alephKernels.find(([word]) => word.test(row.workload.kernel ?? ""));
      return `${rules.stack}-${kernel?.[1] ?? "flash2"}`;
    }
    case "megatron-2021":
      return /zero-?3/i.test(row.plan.zero ?? "") ? "deepspeed-zero3-2021" : rules.stack;
    case "megatron-lm":
      return /^mlm-examples/.test(row.id) ? "megatron-core-examples" : rules.stack;
    default:
      return rules.stack;
  }
}
