/**
 * A published plan beside the planner's: all priced by the same closed form, and the best run by events.
 *
 * @module
 */
import { comparePlans, type PlanComparison } from "../../../sim/explain/compare_plans.ts";
import { launchSearches } from "../../../sim/launch/choices.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { planPreset } from "../../../sim/plan/plan_presets.ts";
import { type ConfirmedPlan, confirmPlans } from "../../../sim/search/confirm_plans.ts";
import { type PlanPrice, pricePlan } from "../../../sim/search/evaluate.ts";
import { type SearchProblem, searchSite } from "../../../sim/search/problem.ts";
import { type Planning, problemOf } from "../planning.ts";
import { readPlanning } from "../read_planning.ts";
import { withPool, type WorkerPool } from "../search/worker_pool.ts";
import { searchTask } from "../search_task.ts";
import type { Publisher } from "./publishers.ts";

/** A published plan and what the planner would have run. */
export interface JudgedPlan {
  /** The publication. */
  publisher: Publisher;
  /** The question. */
  planning: Planning;
  /** The published plan, by events too. */
  published: ConfirmedPlan;
  /** The best of what the publisher could choose from. */
  alike: ConfirmedPlan;
  /** The best of all plans. */
  best: ConfirmedPlan;
  /** From the best of what the publisher could choose to what was published. */
  comparison: PlanComparison;
  /** Whether all searches went to their ends. */
  complete: boolean;
}

/** Plans of a search that are run by events. */
const CONFIRMED = 5;

/** The best of some problems in closed form, the first of them by events. */
async function bestOf(
  problems: readonly SearchProblem[],
  { signal, pool }: { signal: AbortSignal; pool: WorkerPool },
): Promise<{ best: ConfirmedPlan; complete: boolean }> {
  const found: PlanPrice[] = [];
  let complete = true;
  for (const problem of problems) {
    const searched = await searchTask(problem, {
      ...{ name: "published", top: CONFIRMED, front: false, signal, pool, resume: false },
      ...{ forSeconds: Infinity, seconds: () => 0 },
    });
    signal.throwIfAborted();
    found.push(...searched.best);
    complete &&= searched.complete;
  }
  const fastest = found.sort((a, b) => a.stepSeconds - b.stepSeconds).slice(0, CONFIRMED);
  const [best] = confirmPlans(problems[0], fastest);
  return { best, complete };
}

/** Judges a published plan. */
export async function judgePublisher(
  publisher: Publisher,
  { signal }: { signal: AbortSignal },
): Promise<JudgedPlan> {
  const { id, cluster, globalBatch, mtp, stack, held, launcher } = publisher;
  const words = (fix: string) =>
    readPlanning({
      ...{ model: id, cluster, globalBatch, sequence: 4096, fix, limit: "memory=100%" },
      ...{ objective: "time", stack, routing: "balanced", graphs: "none", seed: 1, mtp },
    });
  const planning = await words("");
  const problem = problemOf(planning);
  const site = searchSite(problem);
  const own = problemOf(await words(held));
  const choices = launcher ? launchSearches(own, { launcher, model: planning.model }) : [own];
  // What the publication does not say of formats is what its software does anyway.
  const preset = planPreset(id).plan;
  const formats = { ...choices[0].fix?.formats, ...preset.formats };
  const plan = completePlan({ ...preset, formats, globalBatch }, site);
  const [published] = confirmPlans(problem, [pricePlan(plan, site)]);
  const { alike, best } = await withPool(undefined, async (pool) => ({
    alike: await bestOf(choices, { signal, pool }),
    best: await bestOf([problem], { signal, pool }),
  }));
  return {
    ...{ publisher, planning, published },
    alike: alike.best,
    best: best.best,
    comparison: comparePlans(alike.best.plan, published.plan, site),
    complete: alike.complete && best.complete,
  };
}
