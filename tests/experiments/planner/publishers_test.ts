import { assert, assertEquals, assertThrows } from "@std/assert";
import type { JudgedPlan } from "../../../experiments/planner/publishers/judge_publisher.ts";
import { publisherById, publishers } from "../../../experiments/planner/publishers/publishers.ts";
import { publisherTable } from "../../../experiments/planner/publishers/publisher_table.ts";
import {
  publisherDecision,
  publisherNotes,
  publisherVerdict,
} from "../../../experiments/planner/publishers/publisher_words.ts";
import { problemOf } from "../../../experiments/planner/planning.ts";
import { readPlanning } from "../../../experiments/planner/read_planning.ts";
import { parseCluster } from "../../../sim/cluster/parse.ts";
import { comparePlans } from "../../../sim/explain/compare_plans.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { planPreset } from "../../../sim/plan/plan_presets.ts";
import { parsePlan } from "../../../sim/plan/plan_words.ts";
import { confirmPlans } from "../../../sim/search/confirm_plans.ts";
import { pricePlan } from "../../../sim/search/evaluate.ts";
import { searchSite } from "../../../sim/search/problem.ts";

Deno.test("every published plan holds on the cluster that it was run on", async () => {
  for (const { id, cluster, globalBatch } of publishers) {
    const preset = planPreset(id);
    assertEquals(preset.devices, parseCluster(cluster).devices);
    const planning = await readPlanning({
      ...{ model: id, cluster, globalBatch, sequence: 4096, fix: "", limit: "memory=100%" },
      ...{ objective: "time", stack: "base", routing: "balanced", graphs: "none", seed: 1 },
    });
    const plan = completePlan({ ...preset.plan, globalBatch }, searchSite(problemOf(planning)));
    assertEquals(plan.globalBatch, globalBatch);
  }
  assertThrows(() => publisherById("deepseek-v2"), TypeError, 'did you mean "deepseek-v3"');
});

/** A made-up publication: a plan, one that is as fast, and one that is faster. */
async function judged(alikeWords: string): Promise<JudgedPlan> {
  const planning = await readPlanning({
    ...{ model: "olmoe", cluster: "h100:8", globalBatch: 32, sequence: 4096, fix: "" },
    ...{ limit: "memory=100%", objective: "time", stack: "base", routing: "balanced" },
    ...{ graphs: "none", seed: 1 },
  });
  const problem = problemOf(planning);
  const site = searchSite(problem);
  const priced = (words: string) => pricePlan(completePlan(parsePlan(words), site), site);
  const usual = "gb=32,mb=1,ep=8,zero=1";
  const [published] = confirmPlans(problem, [priced(usual)]);
  const [alike] = confirmPlans(problem, [priced(alikeWords)]);
  const publisher = { ...publishers[0], id: "made-up" };
  return {
    ...{ publisher, planning, published, alike, best: alike, complete: true },
    comparison: comparePlans(alike.plan, published.plan, site),
  };
}

Deno.test("a published plan is near the best, or told what it lacks", async () => {
  const same = await judged("gb=32,mb=1,ep=8,zero=1");
  assert(publisherVerdict([same]).startsWith("1 of 1 published plans"));
  assert(publisherDecision([same]).startsWith("Published plans are a safe start"));
  const faster = await judged("gb=32,mb=4,ep=1,zero=1");
  assert(faster.alike.eventSeconds < 0.95 * same.published.eventSeconds);
  assert(publisherVerdict([faster]).startsWith("0 of 1"));
  assert(publisherDecision([faster]).includes("made-up"));
  const [{ paragraphs }] = publisherNotes([faster]);
  assert(paragraphs.some((line) => line.includes("ep 1 to 8")), paragraphs.join("\n"));
  const errors = { factor: 1.5, from: "made up", stackGrade: "assumed" } as const;
  const { rows } = publisherTable([faster], () => errors as never);
  assertEquals(rows.length, 3);
  const [own, other] = rows.map(({ metrics }) => metrics.publishedBehindFraction.value);
  assertEquals(own, 0);
  assert(other > 0.05);
});
