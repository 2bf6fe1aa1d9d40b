/**
 * A saved search as a ledger, if it is of the simulator that is there now: prices change when it does.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { SearchCounts } from "../../../sim/search/counts.ts";
import { pricePlan } from "../../../sim/search/evaluate.ts";
import type { FoundPlan, IncumbentRules } from "../../../sim/search/incumbents.ts";
import type { SearchSite } from "../../../sim/search/problem.ts";
import type { SearchState } from "../../../sim/search/search_state.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { ledgerOf, readSavedSearch } from "./saved_search.ts";

/** A search to go on with. */
export interface SavedLedger {
  /** What is done. */
  ledger: Ledger;
  /**
   * Checks that a search begins as the saved one did.
   *
   * @throws {UserError} where it does not.
   */
  check(begin: SearchState): void;
}

/** What the last digits of a price may differ by. */
const near = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * b;

function costsTheSame({ plan, stepSeconds, peakBytes }: FoundPlan, site: SearchSite): boolean {
  try {
    const now = pricePlan(plan, site);
    return near(stepSeconds, now.stepSeconds) && near(peakBytes, now.peakBytes);
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

const stale = (path: string, why: string) =>
  new UserError(
    `Cannot go on with the search in ${path}: ${why}, so that it is damaged or of another version; ` +
      `begin a new search`,
  );

/** How a search begins, in words that only the order of its rules may change. */
const beginning = (units: number, { rules, ...fates }: SearchCounts) =>
  JSON.stringify([units, Object.entries(rules).sort(), Object.entries(fates).sort()]);

/**
 * Reads a saved search as a ledger.
 *
 * @param of The problem's name and what follows from it, what is kept, and what was known before.
 * @throws {UserError} for a file that is damaged, of another problem or of another version.
 */
export async function readLedger(
  path: string,
  of: { id: string; site: SearchSite; rules: IncumbentRules; given?: readonly FoundPlan[] },
): Promise<SavedLedger> {
  const { id, site, rules, given } = of;
  const saved = await readSavedSearch(path, id);
  const all = [...saved.found, ...saved.chunks.flatMap(({ found }) => found)];
  const other = all.find((plan) => !costsTheSame(plan, site));
  if (other) throw stale(path, `a plan of ${other.stepSeconds} s costs something else now`);
  const { begin, results } = ledgerOf(saved);
  return {
    ledger: openLedger(begin, { rules, given, results }),
    check: ({ units, counts }) => {
      if (beginning(units, counts) === beginning(saved.units, saved.begin)) return;
      throw stale(path, `it begins with ${saved.units} units and the search with ${units}`);
    },
  };
}
