/**
 * What a search by workers is told, and what it tells.
 *
 * @module
 */
import type { FoundPlan, IncumbentRules } from "../../../sim/search/incumbents.ts";
import type { SearchProgress } from "../../../sim/search/run_search.ts";
import type { SearchResult } from "../../../sim/search/search_plans.ts";

/** How far a search with workers is. */
export interface WorkersProgress extends SearchProgress {
  /** Share of the space whose plans are decided. */
  decidedShare: number;
}

/** How a search is run by workers. */
export interface WorkersOptions extends Partial<Omit<IncumbentRules, "objective">> {
  /** Workers; one for each core unless given, and 16 at most. */
  workers?: number;
  /** Stops the search, which then gives what it has. */
  signal?: AbortSignal;
  /** Seconds after which it stops; no end unless given. */
  budgetSeconds?: number;
  /** Told at the beginning and after every few units. */
  onProgress?: (progress: WorkersProgress) => void;
  /**
   * Plans of the problem that were found before, which the search goes on from. What is saved leaves them
   * out: one that is gone on with is given them again, or others that are no worse.
   */
  given?: readonly FoundPlan[];
  /** Where the search is saved every few seconds and at its end; nowhere unless given. */
  statePath?: string;
  /** Whether to go on with the search that is saved there. */
  resume?: boolean;
}

/** What a search with workers found. */
export interface WorkersResult extends SearchResult {
  /** Workers that searched. */
  workers: number;
}
