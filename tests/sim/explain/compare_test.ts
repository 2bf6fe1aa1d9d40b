import fc from "fast-check";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { comparePlans } from "../../../sim/explain/compare_plans.ts";
import { planFaults } from "../../../sim/explain/plan_faults.ts";
import { nearestFit } from "../../../sim/explain/nearest_fit.ts";
import { whyNot } from "../../../sim/explain/why_not.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { withDefaults } from "../../../sim/plan/plan_defaults.ts";
import { planFault, planRules } from "../../../sim/plan/plan_rules.ts";
import { parsePlan } from "../../../sim/plan/plan_words.ts";
import { pricePlan } from "../../../sim/search/evaluate.ts";
import { searchSite } from "../../../sim/search/problem.ts";
import { experts, few, large, questionOf } from "./questions.ts";

const site = searchSite(few);
const planOf = (words: string) => completePlan({ ...parsePlan(words), globalBatch: 64 }, site);

const held = fc.constantFrom(
  ...["ep=4", "tp=2,ep=8", "tp=4,pp=2", "pp=4,vpp=2,ep=4", "ep=16,mb=2", "zero=3,ep=8"],
  ...["recompute=full", "tp=2,pp=2,recompute=norm+experts", "pp=2,schedule=dualpipe,ep=8"],
).map(planOf);

Deno.test("differences of parts sum to the differences of step and memory", () => {
  fc.assert(
    fc.property(held, held, (one, other) => {
      const { a, b, fields, seconds, bytes, decisive } = comparePlans(one, other, site);
      const total = (parts: readonly { difference: number }[]) =>
        parts.reduce((sum, { difference }) => sum + difference, 0);
      assertAlmostEquals(total(seconds), b.stepSeconds - a.stepSeconds, 1e-8 * a.stepSeconds);
      assertAlmostEquals(total(bytes), b.peakBytes - a.peakBytes, 10);
      assertEquals(fields.length === 0, JSON.stringify(one) === JSON.stringify(other));
      assert(decisive.length <= 3);
      if (fields.length === 0) assertEquals(decisive, []);
      const most = Math.max(...seconds.map(({ difference }) => Math.abs(difference)));
      if (decisive.length > 0) assertEquals(Math.abs(decisive[0].difference), most);
    }),
    { seed: 3, numRuns: 60 },
  );
});

Deno.test("a pipeline that runs emptier is the decisive difference", () => {
  const { decisive, fields } = comparePlans(planOf("ep=4"), planOf("pp=4,ep=4"), site);
  assertEquals(decisive[0].part, "bubbleSeconds");
  const { stepSeconds, peakBytes } = pricePlan(planOf("pp=4,ep=4"), site);
  assertEquals(fields.map(({ word }) => word), ["dp", "pp"]);
  assertEquals(fields[1], {
    ...{ word: "pp", from: "1", to: "4" },
    alone: { stepSeconds, peakBytes },
  });
});

Deno.test("fields are priced alone where the plan holds with them", () => {
  const [one, other] = [planOf("ep=16"), planOf("tp=2,pp=2,ep=4,recompute=full")];
  const { fields } = comparePlans(one, other, site);
  const alone = (word: string) => fields.find((each) => each.word === word)?.alone;
  assertEquals([alone("pp"), alone("sp")], [undefined, undefined]);
  for (const [word, plan] of [["tp", "tp=2,ep=16"], ["recompute", "ep=16,recompute=full"]]) {
    const { stepSeconds, peakBytes } = pricePlan(planOf(plan), site);
    assertEquals(alone(word), { stepSeconds, peakBytes });
  }
});

Deno.test("all rules that a plan breaks are told", () => {
  const wrong = whyNot(parsePlan("tp=2,ep=3,mb=3"), site);
  assertEquals(wrong.faults.map(({ rule }) => rule), ["expert world", "experts", "batch"]);
  assertEquals(wrong.faults[1].says, "16 experts cannot be divided by ep 3");
  // What follows from the number of replicas says nothing where there is no such number.
  const none = whyNot(parsePlan("tp=3,mb=5,zero=3"), site);
  assertEquals(none.faults.map(({ rule }) => rule), [
    ...["world", "heads", "key and value heads", "dense width", "sequence by tensor"],
  ]);
});

/** Plans with faults of all kinds. */
const any = fc.record({
  tp: fc.constantFrom(1, 2, 3, 4, 6),
  pp: fc.constantFrom(1, 2, 3, 4, 5),
  ep: fc.constantFrom(1, 3, 4, 8, 16),
  vpp: fc.constantFrom(1, 1, 2, 9),
  microBatch: fc.constantFrom(1, 2, 3, 7),
  zero: fc.constantFrom(0 as const, 1 as const, 3 as const),
});

Deno.test("the first fault is the one of the rules, and the nearest plan holds and fits", () => {
  const open = searchSite(questionOf(experts, "h100:16"));
  let broken = 0;
  fc.assert(
    fc.property(any, (input) => {
      const plan = withDefaults({ ...input, globalBatch: 128 }, open);
      const faults = planFaults(plan, open);
      assertEquals(faults[0]?.rule, planFault(plan, open)?.rule);
      for (const { rule, says } of faults) {
        const { fault } = planRules.find(({ name }) => name === rule)!;
        assertEquals(fault(plan, open), says);
      }
      const { nearest, memory, explained } = whyNot(input, open);
      assertEquals(explained === undefined, faults.length + memory.length > 0);
      if (explained) return;
      broken++;
      assert(nearest?.fits, JSON.stringify(input));
      assertEquals(planFault(nearest.price.plan, open), undefined);
      assert(nearest.price.peakBytes <= open.limitBytes);
      assert(nearest.changes.length > 0);
    }),
    { seed: 11, numRuns: 25 },
  );
  assert(broken > 12, `${broken}`);
});

Deno.test("memory that lacks is told by stage, and the nearest plan that fits is one field away", () => {
  const question = questionOf(large, "h100:8", { memoryLimit: 40e9 });
  const tight = searchSite(question);
  const { faults, memory, nearest } = whyNot(parsePlan("zero=0"), tight);
  assertEquals(faults, []);
  const { peakBytes } = pricePlan(completePlan(parsePlan("zero=0,gb=128"), tight), tight);
  assertEquals([memory[0].stage, memory[0].overBytes], [0, peakBytes - 40e9]);
  assert(nearest?.fits && nearest.price.peakBytes <= 40e9);
  const stages = whyNot(parsePlan("pp=4,zero=0"), searchSite({ ...question, memoryLimit: 9e9 }));
  assert(stages.memory.length > 1);
  assert(
    stages.memory.every(({ overBytes }, i, all) => i === 0 || overBytes <= all[i - 1].overBytes),
  );
});

Deno.test("a single mend is the nearest", () => {
  const near = (words: string) =>
    nearestFit(withDefaults({ ...parsePlan(words), globalBatch: 64 }, site), site)?.plan;
  assertEquals(near("ep=4,mb=2"), planOf("ep=4,mb=2"));
  assertEquals(near("ep=5"), planOf("ep=4"));
  assertEquals(near("tp=2,ep=8,mb=3"), planOf("tp=2,ep=8,mb=2"));
});

Deno.test("what the question holds otherwise is told, and a sound plan is explained", () => {
  const strict = searchSite(
    questionOf(experts, "h100:16", { fix: { ep: 8, overlap: { tensor: true } } }),
  );
  const verdict = whyNot(parsePlan("ep=4"), strict);
  assertEquals(verdict.otherwise, ["ep", "overlap.tensor"]);
  assert(verdict.explained !== undefined && verdict.explained.price.plan.ep === 4);
  const hopeless = whyNot(parsePlan("ep=3"), searchSite({ ...few, memoryLimit: 1e9 }));
  assertEquals(hopeless.nearest?.fits, false);
});
