/**
 * Searches the units of a part in their order, as far as it may.
 *
 * @module
 */
import { climb, type ClimbSite } from "./climb.ts";
import { addTally, countsTally, emptyTally, tallyCounts } from "./counts.ts";
import { type IncumbentRules, type Incumbents, keepAll } from "./incumbents.ts";
import { preparedSearch, type SearchSpace } from "./open_search.ts";
import type { PreparedSearch } from "./search_space.ts";
import { type SearchState, unitPlans, unitsOfPart } from "./search_state.ts";
import { searchUnit } from "./search_unit.ts";
import { isHopelessUnit } from "./unit_hope.ts";

/** How far a search is. */
export interface SearchProgress {
  /** Units done. */
  unitsDone: number;
  /** All units. */
  units: number;
  /** Plans priced since the beginning. */
  evaluated: number;
  /** Seconds of the fastest plan, of those that fit; none yet where undefined. */
  bestSeconds?: number;
}

/** How far to go. */
export interface SearchRun extends Partial<IncumbentRules> {
  /** Units to do at most, so that workers can tell each other what they found in between. */
  units?: number;
  /** Plans to price at most. */
  evaluations?: number;
  /** Whether to stop now; asked after every few plans. */
  stop?: () => boolean;
  /** Told after every unit. */
  progress?: (progress: SearchProgress) => void;
  /** What others have found. */
  others?: Incumbents;
}

/** What is kept, where an option does not say. */
function rulesOf(space: PreparedSearch, options: SearchRun): IncumbentRules {
  const { objective = "time" } = space.site.problem;
  const { top = 10, front = true, frontSlack = 0, frontSpan, bestSlack = 0 } = options;
  return { top, front, frontSlack, frontSpan, bestSlack, objective };
}

/** Places in the order of units where climbs before the search begin. */
const STARTS = [0, 0.01, 0.05, 0.2];

/** Climbs along the front, each within so much of the memory of the one before. */
const STEPS_DOWN = 5;
const STEP_DOWN = 0.77;

function lookFirst(of: ClimbSite): void {
  const { space: { site, units, base, cuts }, known, rules } = of;
  // For the smallest plan all are too big.
  const limitBytes = rules.objective === "memory" ? 0 : site.limitBytes;
  for (const place of known.best.length === 0 ? STARTS : []) {
    const { degrees, microBatches } = units[Math.floor(units.length * place)];
    const { held } = cuts(degrees.pp);
    // The plainest schedule and the one that hides most.
    for (const { fields } of new Set([held[0], held[held.length - 1]])) {
      const start = { ...base, ...degrees, ...fields, microBatch: microBatches[0] };
      climb(start, { ...of, limitBytes, keptBytes: site.limitBytes });
    }
  }
  const [fastest] = known.best;
  if (!rules.front || fastest === undefined) return;
  let { plan } = fastest;
  for (let i = 1; i <= STEPS_DOWN; i++) {
    plan = climb(plan, { ...of, limitBytes: fastest.peakBytes * STEP_DOWN ** i }) ?? plan;
  }
}

/**
 * Goes on with a search from a state, and gives the state back where it stops. A unit that was begun
 * and not ended is begun again next time; what it found is kept.
 */
export function runSearch(
  open: SearchSpace,
  state: SearchState,
  options: SearchRun = {},
): SearchState {
  const space = preparedSearch(open);
  const rules = rulesOf(space, options);
  const known: Incumbents = { best: [...state.best], front: [...state.front] };
  if (options.others) keepAll(known, options.others, rules);
  const units = unitsOfPart(space, state.part);
  const total = countsTally(state.counts);
  const { evaluations = Infinity } = options;
  let { unitsDone } = state;
  const last = Math.min(units.length, unitsDone + (options.units ?? Infinity));
  let priced = 0;
  const stop = () => options.stop?.() === true || priced >= evaluations;
  if (unitsDone === 0 && last > 0 && !stop()) {
    lookFirst({ space, known, rules, stop });
  }
  for (; unitsDone < last; unitsDone++) {
    if (stop()) break;
    const unit = units[unitsDone];
    const tally = emptyTally();
    const plans = unitPlans(unit, space);
    if (isHopelessUnit(unit, { space, known, rules })) tally.time += plans;
    else {
      const before = priced;
      const ended = searchUnit(unit, {
        ...{ space, known, rules, tally },
        stop: () => {
          priced = before + Number(tally.evaluated);
          return stop();
        },
      });
      priced = before + Number(tally.evaluated);
      if (!ended) break;
    }
    total.left -= plans;
    addTally(total, tally);
    options.progress?.({
      unitsDone: unitsDone + 1,
      units: units.length,
      evaluated: Number(total.evaluated),
      bestSeconds: known.front[0]?.stepSeconds ?? known.best[0]?.stepSeconds,
    });
  }
  return {
    ...state,
    unitsDone,
    ...known,
    counts: tallyCounts(total, space.enumerated),
    complete: unitsDone === units.length,
  };
}
