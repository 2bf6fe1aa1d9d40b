/**
 * The best plans of all searches, each for its group, run by events.
 *
 * @module
 */
import type { Plan } from "../../sim/plan/plan.ts";
import { confirmPlans } from "../../sim/search/confirm_plans.ts";
import type { PlanPrice } from "../../sim/search/evaluate.ts";
import { type SearchObjective, searchSite } from "../../sim/search/problem.ts";
import type { SimulatedStep } from "../../sim/step/simulate_step.ts";
import { knownErrors } from "../simulate/known_errors.ts";
import type { FitErrors } from "../simulate/left_out.ts";
import { groupPlans, type PlanGroup } from "./group_plans.ts";
import { plainestPlan } from "./plainest_plan.ts";
import { bestLine } from "./plan_lines.ts";
import type { BestLine } from "./plan_record.ts";
import type { Planning } from "./planning.ts";
import type { RunSearch } from "./run_searches.ts";

/** The best plan of a group, with the question on its devices. */
export interface PlacedPlan {
  /** The question. */
  planning: Planning;
  /** The search that found it. */
  run: RunSearch;
  /** The plan. */
  plan: Plan;
  /** The plan as a line of the record. */
  line: BestLine;
}

/** What a plan on so many devices has least of, for a step of so many seconds. */
function valueOf(
  objective: SearchObjective,
  of: { stepSeconds: number; peakBytes: number; devices: number },
): number {
  if (objective === "memory") return of.peakBytes;
  // A second of a device costs the same on each, and takes the same energy.
  return objective === "time" ? of.stepSeconds : of.stepSeconds * of.devices;
}

/** Figures closer than that are the same to whoever reads them. */
const SAME = 5e-4;

/** Whether two plans take the same time and memory. */
function samePrice(a: PlanPrice, b: PlanPrice): boolean {
  const near = (x: number, y: number) => Math.abs(x - y) <= SAME * y;
  return near(a.stepSeconds, b.stepSeconds) && near(a.peakBytes, b.peakBytes);
}

interface PlacedGroup {
  run: RunSearch;
  group: PlanGroup<PlanPrice & { run: RunSearch }>;
  value: number;
}

/** The groups on each number of devices, the best first. */
function placedGroups(runs: readonly RunSearch[], keep: number): PlacedGroup[] {
  const byDevices = Map.groupBy(runs, ({ planning }) => planning.cluster.devices);
  return [...byDevices].flatMap(([devices, same]) => {
    const { objective } = same[0].planning;
    const value = (plan: PlanPrice) => valueOf(objective, { ...plan, devices });
    const found = same.flatMap((run) => run.best.map((price) => ({ ...price, run })))
      .sort((a, b) => value(a) - value(b));
    const all = same.every(({ best }) => best.length < keep);
    const groups = groupPlans(found.slice(0, keep), { value, all, same: samePrice });
    return groups.map((group) => ({
      ...{ run: group.best.run, group, value: value(group.best) },
    }));
  }).sort((a, b) => a.value - b.value);
}

/**
 * The best plans, sorted by what was asked; where that follows from time, by the time of events. With
 * the first of them comes its step.
 *
 * @param options `top`: how many; `keep`: how many plans each search kept.
 * @throws {RangeError} where no search has found any.
 */
export function bestPlans(
  runs: readonly RunSearch[],
  options: { top: number; keep: number; hourDollars?: number; errors: FitErrors },
): { best: PlacedPlan[]; step: SimulatedStep } {
  const { top, keep, hourDollars } = options;
  // Steps are large: that of the best so far is kept.
  let first: { value: number; step: SimulatedStep } | undefined;
  const best = placedGroups(runs, keep).slice(0, top).map(({ run, group }, i) => {
    const { planning } = run;
    const { cluster: { devices }, objective, stack, sizes } = planning;
    const plain = plainestPlan<PlanPrice>(group.best, searchSite(run.problem));
    let step: SimulatedStep | undefined;
    const [best] = confirmPlans(run.problem, [plain], { ran: (own) => step = own });
    const errors = knownErrors(stack, options.errors, sizes);
    const line = bestLine({ ...group, best }, planning, {
      errors,
      hourDollars,
      closedPlace: i + 1,
    });
    const { plan, eventSeconds: stepSeconds, peakBytes } = best;
    const value = valueOf(objective, { stepSeconds, peakBytes, devices });
    if (first === undefined || value < first.value) first = { value, step: step! };
    return { planning, run, plan, line, value };
  }).sort((a, b) => a.value - b.value);
  if (first === undefined) throw new RangeError("Cannot rank the plans of searches without any");
  return { best, step: first.step };
}
