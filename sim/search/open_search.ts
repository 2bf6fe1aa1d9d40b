/**
 * A search made ready, as those see it who run one: made once, searched in parts, shown as results.
 *
 * @module
 */
import type { ChoiceLists } from "./choice_lists.ts";
import type { SearchProblem, SearchSite } from "./problem.ts";
import { type PreparedSearch, type PreparedUnits, prepareSearch } from "./search_space.ts";

/** A search made ready; `openSearch` makes it. */
export interface SearchSpace {
  /** The problem with what follows from it. */
  readonly site: SearchSite;
  /** Values by field. */
  readonly lists: ChoiceLists;
  /** Plans of the space. */
  readonly enumerated: bigint;
}

const prepared = new WeakMap<SearchSpace, PreparedSearch>();

/** What takes longest to make ready of a search. */
export type { PreparedUnits } from "./search_space.ts";

/**
 * Makes a search ready. Workers who share one each open the same problem, and agree on the order of its
 * parts.
 *
 * @throws {UserError} for a problem that cannot be.
 *
 * @example Two parts, one after the other
 * ```ts
 * import {
 *   beginSearch, mergeStates, openSearch, runSearch, searchResult, type Sizes,
 * } from "@moelab/moelab/sim";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const fix = { cp: 1, precision: "bf16" } as const;
 * const space = openSearch({ sizes, cluster: "h100:8", workload, globalBatch: 32, fix });
 * const one = runSearch(space, beginSearch(space, { index: 0, of: 2 }));
 * // The second part begins with what the first one found.
 * const other = runSearch(space, beginSearch(space, { index: 1, of: 2 }), { others: one });
 * const both = mergeStates([one, other], { top: 10, front: true, objective: "time" });
 * assertEquals(both.complete, true);
 * assert(searchResult(space, both).best.length === 10);
 * ```
 */
export function openSearch(problem: SearchProblem): SearchSpace {
  return opened(prepareSearch(problem));
}

/** The same with what another one made ready of the problem. */
export function openPrepared(problem: SearchProblem, known: PreparedUnits): SearchSpace {
  return opened(prepareSearch(problem, known));
}

function opened(search: PreparedSearch): SearchSpace {
  const { site, lists, enumerated } = search;
  const space: SearchSpace = { site, lists, enumerated };
  prepared.set(space, search);
  return space;
}

/**
 * What is behind a search made ready.
 *
 * @throws {RangeError} for a record that `openSearch` has not made.
 */
export function preparedSearch(space: SearchSpace): PreparedSearch {
  const search = prepared.get(space);
  if (search) return search;
  throw new RangeError("Cannot search a space that openSearch has not made");
}

/** What others who search the same problem need not make ready again. */
export function preparedUnits(space: SearchSpace): PreparedUnits {
  const { units, tally } = preparedSearch(space);
  return { units, tally };
}
