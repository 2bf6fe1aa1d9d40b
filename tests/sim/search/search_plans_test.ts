import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { closedForm } from "../../../sim/cost/closed_form.ts";
import { stepCosts } from "../../../sim/cost/step_costs.ts";
import { fullestStage, stageMemory } from "../../../sim/memory/stage_memory.ts";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { planFault } from "../../../sim/plan/plan_rules.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { confirmPlans } from "../../../sim/search/confirm_plans.ts";
import type { SearchCounts } from "../../../sim/search/counts.ts";
import { compareFound, type FoundPlan } from "../../../sim/search/incumbents.ts";
import { type SearchProblem, searchSite } from "../../../sim/search/problem.ts";
import { runSearch } from "../../../sim/search/run_search.ts";
import { searchPlans } from "../../../sim/search/search_plans.ts";
import { smallestPlan } from "../../../sim/search/smallest_plan.ts";
import { openSearch } from "../../../sim/search/open_search.ts";
import { beginSearch, mergeStates } from "../../../sim/search/search_state.ts";
import { bruteForce, mixture, problems, visitProduct } from "./problems.ts";

/** All fates of plans together. */
function sumOf({ rules, enumerated: _all, feasible: _fits, ...fates }: SearchCounts): bigint {
  return [...Object.values(rules), ...Object.values(fates)]
    .reduce((sum, plans) => sum + BigInt(plans), 0n);
}

const near = 1 + 1e-9;

/** Whether some plan is as good as another in both. */
const covers = (plans: readonly FoundPlan[], { stepSeconds, peakBytes }: FoundPlan) =>
  plans.some((plan) =>
    plan.stepSeconds <= stepSeconds * near && plan.peakBytes <= peakBytes * near
  );

/** A plan that is worse than another by some share in both. */
const withSlack = (found: FoundPlan, share: number): FoundPlan => ({
  plan: found.plan,
  stepSeconds: found.stepSeconds * (1 + share),
  peakBytes: found.peakBytes * (1 + share),
});

Deno.test("the search finds what pricing all plans finds", () => {
  let found = 0;
  let plans = 0;
  let priced = 0;
  let coarsely = 0;
  fc.assert(
    fc.property(problems, (problem) => {
      const all = bruteForce(problem);
      const { best, front, counts, complete } = searchPlans(problem, { top: 1 });
      assertEquals(complete, true);
      assertEquals(counts.left, "0");
      assertEquals(sumOf(counts), BigInt(counts.enumerated));
      const { objective = "time" } = problem;
      const [first] = all.sort((a, b) => compareFound(a, b, objective));
      assertEquals(best.length, first ? 1 : 0);
      plans += all.length;
      priced += Number(counts.evaluated);
      if (first === undefined) return;
      found++;
      assertAlmostEquals(best[0].stepSeconds, first.stepSeconds, first.stepSeconds * 1e-9);
      const key = objective === "memory" ? "peakBytes" : "stepSeconds";
      assertAlmostEquals(best[0][key], first[key], first[key] * 1e-9);
      for (const plan of all) assert(covers(front, plan), JSON.stringify(plan));
      for (const plan of front) assert(covers(all, plan));
      front.slice(1).forEach((plan, i) => {
        assert(plan.stepSeconds > front[i].stepSeconds && plan.peakBytes < front[i].peakBytes);
      });
      const coarse = searchPlans(problem, { top: 1, frontSlack: 0.02 });
      const { stepSeconds, peakBytes } = coarse.best[0];
      assertEquals([stepSeconds, peakBytes], [best[0].stepSeconds, best[0].peakBytes]);
      for (const plan of all) assert(covers(coarse.front, withSlack(plan, 0.02)));
      coarsely += Number(coarse.counts.evaluated);
    }),
    { seed: 20260411, numRuns: 200 },
  );
  assert(found > 60, `${found} problems have plans, ${plans} in all`);
  assert(priced < plans / 3, `${priced} of ${plans} plans are priced`);
  assert(coarsely < priced, `${coarsely} and ${priced} plans are priced`);
});

const problem: SearchProblem = {
  sizes: mixture,
  cluster: "h100:8",
  workload: { sequence: 4096, routing: { kind: "balanced" }, causal: true },
  globalBatch: 32,
  fix: { cp: 1, etp: 1, precision: "bf16", overlap: { gradients: true } },
  choices: {
    ...{ tp: [1, 2], pp: [1, 2, 4], vpp: [1, 2], microBatch: [1, 2] },
    schedule: ["1f1b", "interleaved", "zb-v"],
    recompute: ["none", ["activation"], ["norm", "experts"], "full"],
  },
};

Deno.test("a front ends where it is told to, and loses nothing before", () => {
  let shorter = 0;
  fc.assert(
    fc.property(problems, fc.constantFrom(1.05, 1.2, 2), (problem, frontSpan) => {
      const whole = searchPlans(problem, { top: 1 });
      const { best, front } = searchPlans(problem, { top: 1, frontSpan });
      assertEquals(best, whole.best);
      const most = frontSpan * (whole.front[0]?.stepSeconds ?? 0);
      assertEquals(front, whole.front.filter(({ stepSeconds }) => stepSeconds <= most));
      if (front.length < whole.front.length) shorter++;
    }),
    { seed: 11, numRuns: 100 },
  );
  assert(shorter > 3, `${shorter} fronts are shorter`);
});

Deno.test("with slack the best are exact and the front is near", () => {
  let priced = 0;
  let exact = 0;
  fc.assert(
    fc.property(problems, (problem) => {
      const whole = searchPlans(problem, { top: 2 });
      const coarse = searchPlans(problem, { top: 2, frontSlack: 0.05 });
      const figures = ({ best }: typeof whole) =>
        best.map(({ stepSeconds, peakBytes }) => [stepSeconds, peakBytes]);
      assertEquals(figures(coarse), figures(whole));
      for (const plan of whole.front) assert(covers(coarse.front, withSlack(plan, 0.05)));
      priced += Number(coarse.counts.evaluated);
      exact += Number(whole.counts.evaluated);
    }),
    { seed: 4, numRuns: 20 },
  );
  assert(priced < exact, `${priced} and ${exact} plans are priced`);
});

Deno.test("enumerated is the size of the product of all lists, and plans that hold are not lost", () => {
  fc.assert(
    fc.property(problems, (any) => {
      const site = searchSite(any);
      let size = 0n;
      let broken = 0n;
      visitProduct(any, (plan) => {
        size++;
        if (planFault(plan, site) !== undefined) broken++;
      });
      // Nothing is hopeless before something is found, so that all rules are met.
      const { counts } = searchPlans({ ...any, memoryLimit: 1e18 }, { top: 1e9, front: false });
      assertEquals(BigInt(counts.enumerated), size);
      assertEquals([counts.time, counts.memory], ["0", "0"]);
      const rules = Object.values(counts.rules).reduce((sum, plans) => sum + BigInt(plans), 0n);
      assert(rules <= broken, `${rules} of ${broken}`);
      // What says the same as another plan may be counted before it is found to break a rule.
      assert(rules + BigInt(counts.same) + BigInt(counts.dominance) >= broken);
    }),
    { seed: 7, numRuns: 25 },
  );
});

Deno.test("results are priced as single plans are", () => {
  const { best, front } = searchPlans(problem, { top: 5 });
  assertEquals(best.length, 5);
  for (const { plan, stepSeconds, peakBytes, energyJoules, dollars, time } of [...best, ...front]) {
    const { sizes, workload } = problem;
    const again = completePlan(plan, { devices: 8, sizes, workload });
    assertEquals(again, plan);
    const machine = machineOf("h100:8", "bf16").machine(baseStack);
    const step = closedForm(stepCosts({ sizes, plan, workload, machine }), plan, machine);
    assertEquals([stepSeconds, time], [step.stepSeconds, step]);
    const { peakBytes: bytes } = fullestStage(stageMemory(sizes, plan, workload, baseStack));
    assertEquals(peakBytes, bytes);
    assertEquals([energyJoules, dollars], [700 * 8 * stepSeconds, undefined]);
  }
  assertEquals(best.map(({ stepSeconds }) => stepSeconds).toSorted((a, b) => a - b), [
    ...best.map(({ stepSeconds }) => stepSeconds),
  ]);
});

Deno.test("what is held is held, and limits are kept", () => {
  const fix = { ...problem.fix, zero: 1, ep: 4, recompute: ["activation"] } as const;
  const limit = 24e9;
  const { best, front } = searchPlans({
    ...problem,
    fix: { ...fix, recompute: ["activation"] },
    memoryLimit: limit,
  });
  assert(best.length > 0);
  for (const { plan, peakBytes } of [...best, ...front]) {
    assertEquals([plan.zero, plan.ep, plan.recompute], [1, 4, ["activation"]]);
    assertEquals([plan.cp, plan.precision, plan.overlap.gradients], [1, "bf16", true]);
    assert(peakBytes <= limit);
  }
  const none = searchPlans({ ...problem, memoryLimit: 2e9 });
  assertEquals([none.best, none.front, none.complete], [[], [], true]);
  assert(BigInt(none.counts.memory) > 0n);
});

Deno.test("where nothing fits, the result says by how much the smallest plan does not", () => {
  let found = 0;
  fc.assert(
    fc.property(problems, (any) => {
      const all = bruteForce({ ...any, memoryLimit: 1e18 });
      const { best, smallest } = searchPlans({ ...any, memoryLimit: 2e9 });
      assertEquals(best, []);
      assertEquals(smallest === undefined, all.length === 0);
      if (smallest === undefined) return;
      found++;
      const least = Math.min(...all.map(({ peakBytes }) => peakBytes));
      assert(smallest.exact && smallest.peakBytes > 2e9);
      assertAlmostEquals(smallest.peakBytes, least, 1e-4 * least);
    }),
    { seed: 11, numRuns: 25 },
  );
  assert(found > 15, `${found} problems have plans`);
  const { smallest } = searchPlans(problem, { top: 1, front: false });
  assertEquals(smallest, undefined);
  const budget = smallestPlan({ ...problem, memoryLimit: 2e9 }, { evaluations: 0 });
  assertEquals(budget, undefined);
});

Deno.test("a search stops and goes on, and parts add up to the whole", () => {
  const space = openSearch(problem);
  const whole = runSearch(space, beginSearch(space));
  let state = beginSearch(space);
  assertEquals([state.complete, sumOf(state.counts)], [false, BigInt(state.counts.enumerated)]);
  for (let turn = 0; !state.complete; turn++) {
    // Saved and read again.
    state = JSON.parse(JSON.stringify(runSearch(space, state, { units: 3 })));
    assertEquals(sumOf(state.counts), BigInt(state.counts.enumerated));
    assert(turn < 1000);
  }
  assertEquals([state.best, state.front], [whole.best, whole.front]);
  const rules = { top: 10, front: true, objective: "time" as const };
  const parts = [0, 1].map((index) =>
    runSearch(space, beginSearch(space, { index, of: 2 }), { others: { best: [], front: [] } })
  );
  const merged = mergeStates(parts, rules);
  assertEquals(merged.complete, true);
  assertEquals(sumOf(merged.counts), BigInt(merged.counts.enumerated));
  const times = ({ best }: { best: FoundPlan[] }) => best.map(({ stepSeconds }) => stepSeconds);
  assertEquals(times(merged), times(whole));
  assertEquals(
    merged.front.map(({ peakBytes }) => peakBytes),
    whole.front.map(({ peakBytes }) => peakBytes),
  );

  const budget = searchPlans(problem, { evaluations: 20 });
  assertEquals(budget.complete, false);
  assert(BigInt(budget.counts.left) > 0n);
  assertEquals(sumOf(budget.counts), BigInt(budget.counts.enumerated));
  let asked = 0;
  const stopped = searchPlans(problem, { stop: () => ++asked > 500 });
  assertEquals(stopped.complete, false);
  const seen: number[] = [];
  searchPlans(problem, { progress: ({ unitsDone }) => seen.push(unitsDone) });
  assertEquals(seen, Array.from({ length: whole.units }, (_, i) => i + 1));
});

Deno.test("events confirm the best plans", () => {
  const { best } = searchPlans(problem, { top: 3, front: false });
  const confirmed = confirmPlans(problem, best);
  assertEquals(confirmed.map(({ place }) => place).toSorted(), [0, 1, 2]);
  confirmed.forEach(({ eventSeconds, stepSeconds, breakdown }, i) => {
    assertAlmostEquals(eventSeconds / stepSeconds, 1, 0.2);
    const sum = Object.values(breakdown).reduce((a, b) => a + b, 0);
    assertAlmostEquals(sum, eventSeconds, 1e-6 * eventSeconds);
    assert(i === 0 || eventSeconds >= confirmed[i - 1].eventSeconds);
  });
});

Deno.test("problems that cannot be are refused", () => {
  const wrong = (change: Partial<SearchProblem>) => () => searchPlans({ ...problem, ...change });
  assertThrows(wrong({ globalBatch: 0.5 }), TypeError, "for a batch of 0.5: wanted a whole number");
  assertThrows(wrong({ memoryLimit: -1 }), TypeError, "within memory -1: wanted a share up to 1");
  assertThrows(wrong({ fix: { globalBatch: 8 } }), TypeError, "32 with gb=8 held");
  assertThrows(wrong({ cluster: "h10:8" }), TypeError, 'did you mean "h100"');
  const space = openSearch(problem);
  assertThrows(() => beginSearch(space, { index: 2, of: 2 }), TypeError, "part 2 of 2");
});
