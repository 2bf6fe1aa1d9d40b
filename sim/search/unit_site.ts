/**
 * What goes through a search of a unit.
 *
 * @module
 */
import type { Tally } from "./counts.ts";
import type { IncumbentRules, Incumbents } from "./incumbents.ts";
import type { PreparedSearch } from "./search_space.ts";

/** What a unit is searched with. */
export interface UnitSite {
  /** The search. */
  space: PreparedSearch;
  /** What has been found. */
  known: Incumbents;
  /** What is kept. */
  rules: IncumbentRules;
  /** What falls is counted here. */
  tally: Tally;
  /** Whether to stop. */
  stop: () => boolean;
}
