/**
 * What a benchmark is: a function that times things and gives rows and contests.
 *
 * @module
 */
import { unknownName } from "../../kernels/base/errors.ts";
import type { BenchResult } from "../../reports/bench_file.ts";

export type { BenchContest, BenchResult, BenchRow } from "../../reports/bench_file.ts";

/** What a benchmark may use. */
export interface BenchOptions {
  /** True where seconds matter more than tight intervals. */
  quick: boolean;
  /** Names of the parts to run; all of them where there is none. */
  only: readonly string[];
  /** Says a line to the person who waits. */
  log(line: string): void;
  /** Seconds that rise with wall time, for what runs on the CPU. */
  seconds(): number;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/** A benchmark. */
export type Bench = (options: BenchOptions) => Promise<BenchResult>;

/**
 * The parts that were asked for, in their own order; all where no name was given.
 *
 * @throws {UserError} where a name is none of theirs.
 *
 * @example
 * ```ts
 * import { chosenParts } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const parts = [{ id: "gemm" }, { id: "norm" }];
 * assertEquals(chosenParts(parts, ["norm"]), [{ id: "norm" }]);
 * assertEquals(chosenParts(parts, []).length, 2);
 * ```
 */
export function chosenParts<P extends { id: string }>(
  parts: readonly P[],
  only: readonly string[],
): P[] {
  const known = parts.map(({ id }) => id);
  for (const name of only) {
    if (!known.includes(name)) throw unknownName("part of this benchmark", name, known);
  }
  return parts.filter(({ id }) => only.length === 0 || only.includes(id));
}
