/**
 * A benchmark against an older one: a ratio per row, and a verdict that the intervals support.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";
import type { BenchRow } from "./bench.ts";

/** What the intervals say: "no change" where they leave both directions open. */
export type Verdict = "improved" | "regressed" | "no change" | "only now" | "only before";

/** A row now and before. */
export interface Change {
  /** Id of the row. */
  id: string;
  /** Time now over time before, where both are known; below 1 is faster. */
  ratio?: Estimate;
  /** What that says. */
  verdict: Verdict;
}

/** Time now over time before: the ends of the interval are the worst and best of both. */
function ratioOf(now: Estimate, before: Estimate): Estimate {
  return {
    value: now.value / before.value,
    lo: now.lo / before.hi,
    hi: now.hi / before.lo,
    n: Math.min(now.n, before.n),
    method: "ratio of medians, ends of both intervals",
  };
}

/**
 * Compares rows by id, in the order of the newer ones; rows that only the older has come last.
 *
 * @example
 * ```ts
 * import { compareRows } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const row = (value: number) => ({
 *   id: "gemm",
 *   labels: {},
 *   seconds: { value, lo: value * 0.95, hi: value * 1.05, n: 9, method: "median" },
 *   warnings: [],
 * });
 * assertEquals(compareRows([row(1)], [row(2)])[0].verdict, "improved");
 * assertEquals(compareRows([row(1)], [row(1.04)])[0].verdict, "no change");
 * ```
 */
export function compareRows(now: readonly BenchRow[], before: readonly BenchRow[]): Change[] {
  const old = new Map(before.map((row) => [row.id, row]));
  const changes = now.map(({ id, seconds }): Change => {
    const counterpart = old.get(id);
    if (!counterpart) return { id, verdict: "only now" };
    const ratio = ratioOf(seconds, counterpart.seconds);
    const verdict = ratio.hi < 1 ? "improved" : ratio.lo > 1 ? "regressed" : "no change";
    return { id, ratio, verdict };
  });
  const ids = new Set(now.map((row) => row.id));
  const gone = before.filter((row) => !ids.has(row.id));
  return [...changes, ...gone.map(({ id }): Change => ({ id, verdict: "only before" }))];
}
