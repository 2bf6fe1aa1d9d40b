/**
 * A search on all cores: its result is the same to the last byte for any number of workers.
 *
 * One thread finds the same plans and the same front. It knows a little more at each unit, so that it
 * prices fewer plans and more fall before; and where a front may be passed over by a share
 * (`frontSlack`), it finds another one that is as near.
 *
 * The units of a search are dealt into chunks (`chunks.ts`), which workers search one after the other;
 * what a chunk has to know before it begins is fixed (`ledger.ts`). A search can be saved while it runs
 * (`saved_search.ts`) and gone on with by another process, to the same end. One worker makes the
 * problem ready for all; each has tables of its own.
 *
 * A worker that throws ends the search with its error. One that runs out of memory takes the process with
 * it, as Deno has it; what was saved before can be gone on with, by fewer workers.
 *
 * @module
 */
import type { SearchProblem } from "../../../sim/search/problem.ts";
import { searchWithPool } from "./search_with_pool.ts";
import { withPool } from "./worker_pool.ts";
import type { WorkersOptions, WorkersResult } from "./workers_options.ts";

export type { WorkersOptions, WorkersProgress, WorkersResult } from "./workers_options.ts";

/**
 * Finds the best plans with workers; see the module. A search that was stopped gives what it has, is not
 * complete, and its `state` goes on from the units that are done without a gap.
 *
 * @throws {UserError} for a problem that cannot be, and for a saved search that is of another one,
 * damaged, or of another version of the simulator.
 *
 * @example The best plans of a small model, by two workers
 * ```ts
 * import { searchInWorkers } from "@moelab/moelab/experiments";
 * import { searchPlans, type Sizes } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const fix = { cp: 1, precision: "bf16" } as const;
 * const problem = { sizes, cluster: "h100:8", workload, globalBatch: 32, fix };
 * const { best, front, complete } = await searchInWorkers(problem, { workers: 2 });
 * assertEquals(complete, true);
 * // As one thread finds them.
 * const alone = searchPlans(problem);
 * assertEquals([best, front], [alone.best, alone.front]);
 * ```
 */
export function searchInWorkers(
  problem: SearchProblem,
  options: WorkersOptions = {},
): Promise<WorkersResult> {
  return withPool(options.workers, (pool) => searchWithPool(problem, { ...options, pool }));
}
