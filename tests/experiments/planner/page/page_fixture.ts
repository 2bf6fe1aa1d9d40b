/**
 * A planner's answer to a small question, as its page takes it. Plans are priced as the planner would;
 * what became of the others is made up.
 *
 * @module
 */
import {
  eventFigures,
  simulateEvents,
  stepTimeline,
} from "../../../../experiments/simulate/events.ts";
import { reportOf, withInterval } from "../../../../experiments/simulate/report.ts";
import type { NamedComparison, PlanPage } from "../../../../experiments/planner/page/plan_page.ts";
import { planLine } from "../../../../experiments/planner/plan_lines.ts";
import type { BestLine, PlanRecord } from "../../../../experiments/planner/plan_record.ts";
import { problemOf, simulationOf } from "../../../../experiments/planner/planning.ts";
import { comparePlans } from "../../../../sim/explain/compare_plans.ts";
import { completePlan } from "../../../../sim/plan/complete_plan.ts";
import { parsePlan } from "../../../../sim/plan/plan_words.ts";
import { pricePlan } from "../../../../sim/search/evaluate.ts";
import { searchSite } from "../../../../sim/search/problem.ts";
import { smallPlanning } from "../questions.ts";

/** The question. */
export const planning = await smallPlanning({ limit: "memory=50%" });

const site = searchSite(problemOf(planning));
const priceOf = (words: string) => pricePlan(completePlan(parsePlan(words), site), site);
const errors = { factor: 1.2, from: "nine in ten of none", stackGrade: "assumed" as const };

/** The plan that is taken for the best, and two on the front. */
const prices = ["gb=16", "gb=16,recompute=norm", "gb=16,recompute=full"].map(priceOf);
const [best] = prices;

const counts = {
  enumerated: "16400000000000001",
  rules: { world: "16000000000000000", chunks: "7" },
  ...{ same: "0", dominance: "300000000000000", memory: "99999999999994" },
  ...{ time: "0", evaluated: "0", left: "0", feasible: "0" },
};

const simulation = simulationOf(planning, best.plan);
const step = simulateEvents(simulation);

const lines = prices.map((price): BestLine => ({
  ...planLine(price, planning),
  step: withInterval(price.stepSeconds * 1.01, errors, "events"),
  eventSeconds: price.stepSeconds * 1.01,
  closedPlace: 1,
  parts: [{ part: "mixerSeconds", seconds: price.stepSeconds / 2, shareFraction: 0.5 }],
  alike: { plans: 3, more: false },
}));

/** The record. */
export const record: PlanRecord = {
  schema: 1,
  asked: {
    model: planning.sizes.name,
    cluster: { id: "h100", device: "h100", devices: 16 },
    ...{ fewerDevices: false, sequence: 4096, globalBatch: 16, mtpLayers: 0 },
    ...{ routing: { kind: "balanced" as const }, objective: "time" as const, stack: "base" },
    ...{ graphs: "none" as const, fix: planning.fix },
    deviceBytes: site.profile.memoryBytes,
    limitBytes: site.limitBytes,
    ...{ top: 3, frontSlack: 0.02 },
  },
  searches: [{ name: "16", devices: 16, counts, complete: true, bestSeconds: best.stepSeconds }],
  counts,
  countsSum: "",
  complete: true,
  best: lines,
  front: prices.map((price) => planLine(price, planning)),
  frontComplete: true,
  winner: reportOf(simulation, { errors, events: eventFigures(step) }),
  reasons: { why: ["It is bound by compute."], changes: [], rivals: [] },
  launchers: [],
  explained: [],
  compared: [{ plans: ["best", "pp=2"], says: ["The second waits for its pipeline."] }],
  warnings: ["energy is an upper end"],
};

/** A plan of other degrees beside the best. */
export const named: NamedComparison = {
  name: "ours",
  comparison: comparePlans(best.plan, priceOf("pp=2,gb=16").plan, site),
};

/** The page. */
export const page: PlanPage = {
  record,
  sentences: record.reasons.why,
  comparisons: [named],
  timeline: stepTimeline(step, simulation),
};
