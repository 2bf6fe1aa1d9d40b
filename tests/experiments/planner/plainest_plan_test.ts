import { assert, assertEquals } from "@std/assert";
import { plainestPlan } from "../../../experiments/planner/plainest_plan.ts";
import { problemOf } from "../../../experiments/planner/planning.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { parsePlan } from "../../../sim/plan/plan_words.ts";
import { pricePlan } from "../../../sim/search/evaluate.ts";
import { type SearchProblem, searchSite } from "../../../sim/search/problem.ts";
import { smallPlanning } from "./questions.ts";

const problem = problemOf(await smallPlanning({ fix: "" }));

/** The plainest plan with the price of one in words, and that one. */
function plain(words: string, changes: Partial<SearchProblem> = {}) {
  const site = searchSite({ ...problem, ...changes });
  const before = pricePlan(completePlan(parsePlan(`${words},gb=16`), site), site);
  const after = plainestPlan(before, site);
  const own = pricePlan(after.plan, site);
  assert(own.stepSeconds <= before.stepSeconds * (1 + 1e-9));
  assert(own.peakBytes <= before.peakBytes * (1 + 1e-9));
  return { before: before.plan, plan: after.plan };
}

const shown = ({ schedule, dispatcher, formats, overlap }: Plan) => ({
  ...{ schedule, dispatcher, dispatch: formats.dispatch },
  ...{ tensor: overlap.tensor, pipeline: overlap.pipeline, experts: overlap.experts },
});

Deno.test("words that change neither time nor memory are left out", () => {
  const overlap = "overlap=gradients+parameters+tensor+pipeline+experts:batches";
  const { plan } = plain(`ep=1,schedule=interleaved,dispatcher=hybridep,dispatch=fp8,${overlap}`);
  assertEquals(shown(plan), {
    ...{ schedule: "1f1b", dispatcher: "all-gather", dispatch: undefined },
    ...{ tensor: false, pipeline: false, experts: "none" },
  });
});

Deno.test("words that a price rests on stay", () => {
  const { before, plan } = plain(
    "tp=2,pp=2,ep=4,schedule=dualpipe,dispatcher=deepep," +
      "dispatch=fp8,overlap=gradients+parameters+experts:batches",
  );
  assertEquals(plan, before);
});

Deno.test("what the question or a launcher holds stays, though it changes nothing", () => {
  const words = "ep=1,schedule=gpipe,dispatcher=deepep,dispatch=fp8,precision=bf16";
  const fix = { schedule: "gpipe", formats: { dispatch: "fp8" } } as const;
  const held = plain(words, { fix }).plan;
  assertEquals([held.schedule, held.formats.dispatch], ["gpipe", "fp8"]);
  assertEquals(held.dispatcher, "all-gather");
  const choices = { dispatcher: ["deepep"] } as const;
  const told = plain(words, { choices }).plan;
  assertEquals([told.schedule, told.dispatcher], ["1f1b", "deepep"]);
  assert(told.formats.dispatch === undefined);
});
