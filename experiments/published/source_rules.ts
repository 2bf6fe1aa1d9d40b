/**
 * The rules that a row is read by: those of its source.
 *
 * @module
 */
import type { PublishedCase } from "./case.ts";
import type { SourceRules } from "./source.ts";
import { sources } from "./sources.ts";

/**
 * The rules of a row's source; rows of an unknown source follow Megatron Core's defaults.
 *
 * @example
 * ```ts
 * import { loadCases, sourceRules } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const row = (await loadCases()).find((r) => r.id.startsWith("mpt-"))!;
 * assertEquals(sourceRules(row).flops, "six-n-full");
 * ```
 */
export function sourceRules(row: PublishedCase): SourceRules {
  return sources.find((s) => s.ref.test(row.source.ref) && (s.rows?.test(row.id) ?? true))!;
}
