/**
 * The plan nearest to one that a launcher cannot be told, among those that it can, and what it costs.
 *
 * First the fields that the launcher has no words for are moved to the nearest values that it has; where
 * none of these plans holds, one more field is changed, then two. Of those that hold and fit the one
 * with the fewest changes is taken, and of these the fastest; where none fits, the smallest.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { launchSearches } from "../../../sim/launch/choices.ts";
import { writeLaunch } from "../../../sim/launch/launch.ts";
import type { LauncherName } from "../../../sim/launch/types.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { type PlanPrice, pricePlan } from "../../../sim/search/evaluate.ts";
import { searchSite } from "../../../sim/search/problem.ts";
import { type Planning, problemOf } from "../planning.ts";
import {
  type CandidateSite,
  candidateSite,
  changedOnce,
  moved,
  settled,
} from "./candidate_plans.ts";
import { changesBetween, type PlanChange } from "./plan_changes.ts";

/** A plan in the place of another one. */
export interface RepairedPlan {
  /** The plan and its price. */
  price: PlanPrice;
  /** What differs. */
  changes: PlanChange[];
  /** How much longer a step takes, as a share of that of the other plan. */
  slowdownFraction: number;
  /** Whether it fits into the memory that plans may take. */
  fits: boolean;
}

/** Plans that further changes begin from, at most; and plans that are priced. */
const STARTS = 12;
const PRICED = 400;

/** Why a launcher cannot be told a plan; undefined where it can. */
export function refusalOf(
  { model, cluster, workload }: Pick<Planning, "model" | "cluster" | "workload">,
  plan: Plan,
  launcher: LauncherName,
): string | undefined {
  try {
    writeLaunch({ plan, model, cluster, workload }, { launcher });
  } catch (error) {
    if (error instanceof UserError) return error.message.replace(/^Cannot write .*?\): /, "");
    throw error;
  }
}

/** A plan without what no list has: formats but those that the launcher has, offload, capacity. */
function bare(
  { formats, capacityFactor: _, shardRanks: __, ...plan }: Plan,
  kept: Plan["formats"],
) {
  const { dispatch, combine } = formats;
  return {
    ...plan,
    formats: { ...kept, ...(dispatch && { dispatch }), ...(combine && { combine }) },
    offload: { optimizer: 0, activationLayers: 0 },
  };
}

/** Plans of candidates that hold and that the launcher can be told. */
function tellable(
  candidates: readonly Plan[],
  of: { site: CandidateSite; before: Plan; planning: Planning; launcher: LauncherName },
): Plan[] {
  const found: Plan[] = [];
  for (const candidate of candidates) {
    const plan = settled(candidate, of.before, of.site);
    if (plan && refusalOf(of.planning, plan, of.launcher) === undefined) found.push(plan);
    if (found.length >= PRICED) break;
  }
  return found;
}

/** The plans with the fewest changes; see the module. */
function nearest(planning: Planning, before: Plan, launcher: LauncherName): Plan[] {
  const problem = { ...problemOf(planning), fix: {} };
  const sites = launchSearches(problem, { launcher, model: planning.model }).map(candidateSite);
  let starts = sites.map((site) => ({
    site,
    plans: [before, bare(before, site.formats)].flatMap((plan) => moved(plan, site)),
  }));
  for (let more = 0; more <= 2; more++) {
    const found = starts.flatMap(({ site, plans }) =>
      tellable(plans, { site, before, planning, launcher })
    );
    if (found.length > 0) return found;
    starts = starts.map(({ site, plans }) => ({
      site,
      plans: changedOnce(more === 0 ? plans.slice(0, STARTS) : plans.slice(0, 50 * STARTS), site),
    }));
  }
  return [];
}

/** What fits first, then what changes least, then what is fastest; what does not fit by its size. */
function byNearness(a: RepairedPlan, b: RepairedPlan): number {
  if (a.fits !== b.fits) return a.fits ? -1 : 1;
  if (!a.fits) return a.price.peakBytes - b.price.peakBytes;
  return a.changes.length - b.changes.length || a.price.stepSeconds - b.price.stepSeconds;
}

/**
 * The plan to take instead of one that a launcher cannot be told; undefined where none within two
 * further changes holds. What was held of the question is not held here.
 */
export function repairPlan(
  planning: Planning,
  before: Plan,
  launcher: LauncherName,
): RepairedPlan | undefined {
  const site = searchSite(problemOf(planning));
  const { stepSeconds } = pricePlan(before, site);
  const found = nearest(planning, before, launcher).map((plan): RepairedPlan => {
    const price = pricePlan(plan, site);
    return {
      price,
      changes: changesBetween(before, plan, planning.sizes.moe !== undefined),
      slowdownFraction: price.stepSeconds / stepSeconds - 1,
      fits: price.peakBytes <= site.limitBytes,
    };
  });
  return found.sort(byNearness)[0];
}
