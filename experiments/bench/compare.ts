/**
 * A benchmark against an older one: a ratio per row, and a verdict that the intervals support.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";
import type { BenchContest, BenchRow } from "./bench.ts";

/** What the intervals say: "no change" where they leave both directions open. */
export type Verdict = "improved" | "regressed" | "no change" | "only now" | "only before";

/** A row now and before. */
export interface Change {
  /** Id of the row or contest. */
  id: string;
  /**
   * Time now over time before, or speed now over speed before, where both are known.
   */
  ratio?: Estimate;
  /** What that says. */
  verdict: Verdict;
}

/** Now over before: the ends of the interval are the worst and best of both. */
function ratioOf(now: Estimate, before: Estimate): Estimate {
  return {
    value: now.value / before.value,
    lo: now.lo / before.hi,
    hi: now.hi / before.lo,
    n: Math.min(now.n, before.n),
    method: "ratio of medians, ends of both intervals",
  };
}

/** Compares by id, in the order of the newer ones; what only the older has comes last. */
function compareById<T extends { id: string }>(
  now: readonly T[],
  before: readonly T[],
  options: { value: (item: T) => Estimate; better: "lower" | "higher" },
): Change[] {
  const { value, better } = options;
  const [below, above]: Verdict[] = better === "lower"
    ? ["improved", "regressed"]
    : ["regressed", "improved"];
  const old = new Map(before.map((item) => [item.id, item]));
  const changes = now.map((item): Change => {
    const counterpart = old.get(item.id);
    if (!counterpart) return { id: item.id, verdict: "only now" };
    const ratio = ratioOf(value(item), value(counterpart));
    return {
      id: item.id,
      ratio,
      verdict: ratio.hi < 1 ? below : ratio.lo > 1 ? above : "no change",
    };
  });
  const ids = new Set(now.map(({ id }) => id));
  const gone = before.filter(({ id }) => !ids.has(id));
  return [...changes, ...gone.map(({ id }): Change => ({ id, verdict: "only before" }))];
}

/**
 * Compares the times of rows by id, in the order of the newer ones; rows that only the older has
 * come last.
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
 *   samples: [],
 *   warnings: [],
 * });
 * assertEquals(compareRows([row(1)], [row(2)])[0].verdict, "improved");
 * assertEquals(compareRows([row(1)], [row(1.04)])[0].verdict, "no change");
 * ```
 */
export function compareRows(now: readonly BenchRow[], before: readonly BenchRow[]): Change[] {
  return compareById(now, before, { value: ({ seconds }) => seconds, better: "lower" });
}

/** Compares the speeds of contests by id, likewise: a ratio above 1 has gained on its rival. */
export function compareContests(
  now: readonly BenchContest[],
  before: readonly BenchContest[],
): Change[] {
  return compareById(now, before, { value: ({ speed }) => speed, better: "higher" });
}
