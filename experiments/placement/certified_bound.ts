/**
 * How far a placement is from the best there is: a bound by HiGHS (branch and cut, highs.dev), with
 * its own best solution.
 *
 * @module
 */
import { placementBound } from "../../sim/placement/bound.ts";
import { placeExperts } from "../../sim/placement/place_experts.ts";
import { slotLoads } from "../../sim/placement/slots.ts";
import { loadHighs } from "./load_highs.ts";
import { placementProgram } from "./placement_program.ts";

/** What is proven of a layer; loads in the unit in which they were given. */
export interface Certificate {
  /** No placement has a fullest rank with less. */
  boundLoad: number;
  /** The fullest rank of the best placement that was found. */
  bestLoad: number;
  /** That placement: experts of every rank. */
  slots_RS: number[][];
  /** What the bound leaves open, as a share of the best; 0 where the best is proven. */
  gapFraction: number;
  /** What the solver took by its own clock, seconds; 0 where nothing was searched. */
  solverSeconds: number;
  /** How it ended: proven before any search, proven by search, or stopped by the time limit. */
  ending: "bound met" | "proven" | "time limit";
}

/** What the solver lets a row be missed by, as a share of a rank's mean load. */
const tolerance = 1e-6;

/**
 * Certifies the placement of experts with as many on each rank and no replicas. It begins with the
 * placement by exchanges, so that its best is never worse; where that meets `placementBound`, nothing
 * is searched.
 *
 * @param load_E Load of each expert, in any unit.
 * @param options `ranks`; `seconds` that the search may take, 10 unless given.
 * @throws {UserError} where experts do not divide by ranks.
 *
 * @example
 * ```ts
 * import { certifiedBound } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const { boundLoad, bestLoad, gapFraction } = await certifiedBound([9, 7, 5, 5, 4, 2], { ranks: 2 });
 * assertEquals([boundLoad, bestLoad, gapFraction], [16, 16, 0]);
 * ```
 */
export async function certifiedBound(
  load_E: readonly number[],
  options: { ranks: number; seconds?: number },
): Promise<Certificate> {
  const { ranks, seconds = 10 } = options;
  const start = placeExperts(load_E, { ranks });
  const unit = load_E.reduce((sum, load) => sum + load, 0) / ranks;
  const most = Math.max(...slotLoads(load_E, start));
  const least = placementBound(load_E, ranks);
  const proof = (bound: number, slots_RS: number[][]) => {
    const bestLoad = Math.max(...slotLoads(load_E, slots_RS));
    const open = bestLoad - bound;
    // What is open by less than the solver's tolerance is not told from nothing.
    const gapFraction = open <= 2 * tolerance * unit ? 0 : open / bestLoad;
    return { boundLoad: gapFraction === 0 ? bestLoad : bound, bestLoad, slots_RS, gapFraction };
  };
  if (most <= least * (1 + 1e-12)) {
    return { ...proof(least, start), solverSeconds: 0, ending: "bound met" };
  }
  // Loads as shares of a rank's mean, so that tolerances mean the same for all units.
  const share_E = load_E.map((load) => load / unit);
  const program = placementProgram(share_E, { ranks, least: least / unit, most: most / unit });
  const solver = await loadHighs();
  return solver.withModel(program.data, (model): Certificate => {
    model.options.set({
      ...{ output_flag: false, time_limit: seconds, mip_rel_gap: 0, mip_abs_gap: tolerance / 10 },
      mip_feasibility_tolerance: tolerance,
    });
    model.setSolution({ colValue: program.valuesOf(start) });
    model.run();
    const proven = model.getModelStatus() === solver.constants.modelStatus.optimal;
    const dual = (Number(model.info.get("mip_dual_bound")) - tolerance) * unit;
    // The fullest of whole loads is whole.
    const bound = load_E.every(Number.isSafeInteger) ? Math.ceil(dual) : dual;
    const found = program.slotsOf(model.getSolution().colValue);
    const better = found.every(({ length }) => length === load_E.length / ranks) &&
      Math.max(...slotLoads(load_E, found)) < most;
    return {
      ...proof(Math.max(least, bound), better ? found : start),
      ...{ solverSeconds: model.getRunTime(), ending: proven ? "proven" : "time limit" },
    };
  });
}
